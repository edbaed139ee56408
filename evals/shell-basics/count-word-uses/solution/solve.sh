#!/bin/bash
set -e
grep -o apple /app/story.txt | wc -l > /app/count.txt
