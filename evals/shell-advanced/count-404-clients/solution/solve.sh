#!/bin/bash
set -e
awk '$9 == 404 { print $1 }' /app/access_log | sort -u | wc -l > /app/clients.txt
