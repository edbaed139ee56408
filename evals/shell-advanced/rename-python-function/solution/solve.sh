#!/bin/bash
set -e
find /app/src -name '*.py' -exec sed -i 's/\bget_user\b/fetch_user/g' {} +
