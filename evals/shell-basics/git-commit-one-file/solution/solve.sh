#!/bin/bash
set -e
cd /app
git add README.md
git commit -q -m 'Explain the start'
