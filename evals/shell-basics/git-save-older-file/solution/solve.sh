#!/bin/bash
set -e
cd /app
git show HEAD~1:prices.txt > /app/old-prices.txt
