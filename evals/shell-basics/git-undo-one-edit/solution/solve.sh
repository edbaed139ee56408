#!/bin/bash
set -e
cd /app
git checkout -q -- menu.txt
