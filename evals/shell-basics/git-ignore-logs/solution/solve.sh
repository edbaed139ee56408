#!/bin/bash
set -e
cd /app
echo '*.log' >> .gitignore
git add .gitignore
git commit -q -m 'Ignore log files'
