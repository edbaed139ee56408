#!/bin/bash
set -e
mkdir -p /app/archive
find /app/logs -type f -name '*.log' ! -newermt '2023-12-31 23:59:59 UTC' -exec mv -t /app/archive {} +
