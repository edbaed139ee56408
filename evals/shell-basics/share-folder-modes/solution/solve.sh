#!/bin/bash
set -e
find /app/share -type d -exec chmod 755 {} +
find /app/share -type f -exec chmod 640 {} +
