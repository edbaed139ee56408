#!/bin/bash
set -e
bash /app/start.sh
kill "$(cat /app/clock.pid)"
