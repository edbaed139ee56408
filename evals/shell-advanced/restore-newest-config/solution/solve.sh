#!/bin/bash
set -e
mkdir -p /app/restored
cd /app/backups
for archive in $(ls | sort -r); do
    if tar -tzf "$archive" | grep -qx 'etc/payments.conf'; then
        tar -xzOf "$archive" etc/payments.conf > /app/restored/payments.conf
        echo "$archive" > /app/source.txt
        break
    fi
done
