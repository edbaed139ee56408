#!/bin/bash
set -e
find /app/keys -type d -exec chmod 700 {} +
find /app/keys -name '*.key' -exec chmod 600 {} +
find /app/keys -name '*.pub' -exec chmod 644 {} +
