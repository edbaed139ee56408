#!/bin/bash
set -e
cd /app/inbox
last=""
md5sum * | sort | while read -r sum name; do
    if [ "$sum" = "$last" ]; then echo "$name"; fi
    last=$sum
done | sort > /app/removed.txt
while read -r name; do rm -- "$name"; done < /app/removed.txt
