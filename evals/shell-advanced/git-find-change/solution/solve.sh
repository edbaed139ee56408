#!/bin/bash
set -eu
git -C repo log --format=%H -S'MAX_RETRIES = 7' -- client.py > commit.txt
