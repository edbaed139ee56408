#!/bin/bash
set -e
nohup python3 /app/server.py 8090 > /app/server.log 2>&1 < /dev/null &
sleep 2
