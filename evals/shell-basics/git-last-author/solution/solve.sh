#!/bin/bash
set -e
cd /app/repo
git log -1 --format=%an main > /app/author.txt
