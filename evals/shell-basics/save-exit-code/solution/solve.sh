#!/bin/bash
set -e
python3 /app/check.py || echo $? > /app/code.txt
