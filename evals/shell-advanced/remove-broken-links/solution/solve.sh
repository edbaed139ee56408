#!/bin/bash
set -e
cd /app/site
find . -xtype l -printf '%P\n' | sort > /app/broken.txt
while read -r link; do rm -- "$link"; done < /app/broken.txt
