#!/bin/bash
set -e
cd /app/repo
git diff --name-only HEAD~1 HEAD | sort > /app/changed.txt
