#!/bin/bash
set -e
cd /app/repo
git add CHANGES.md
git commit -q -m 'Add list of changes'
