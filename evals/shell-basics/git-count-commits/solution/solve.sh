#!/bin/bash
set -e
cd /app/repo
git rev-list --count main > /app/commits.txt
