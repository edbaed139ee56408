#!/bin/bash
set -e
cd /app
comm -13 <(sort old.txt) <(sort new.txt) > added.txt
comm -23 <(sort old.txt) <(sort new.txt) > removed.txt
