#!/bin/bash
set -e
find /app/tools -type f | while read -r path; do
    if head -n 1 "$path" | grep -q '^#!'; then chmod 755 "$path"; else chmod 644 "$path"; fi
done
