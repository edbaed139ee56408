#!/bin/bash
set -eu
cd repo
git rm -q -r --cached build debug.log
printf 'build/\n*.log\n' > .gitignore
git add .gitignore
git commit -q -m "Ignore program output"
