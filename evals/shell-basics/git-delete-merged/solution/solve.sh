#!/bin/bash
set -e
cd /app
git checkout -q main
git branch -d old-menu
