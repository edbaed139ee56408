#!/bin/bash
set -e
mkdir -p /app/unpacked
cd /app/incoming
: > /app/broken.txt
for f in *.gz; do
    if gzip -t "$f" 2> /dev/null; then
        gzip -dc "$f" > "/app/unpacked/${f%.gz}"
    else
        echo "$f" >> /app/broken.txt
    fi
done
