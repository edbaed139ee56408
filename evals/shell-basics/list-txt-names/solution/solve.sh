#!/bin/bash
set -e
cd /app/notes
ls *.txt | sort > /app/names.txt
