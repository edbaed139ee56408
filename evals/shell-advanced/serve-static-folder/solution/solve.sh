#!/bin/bash
set -e
cd /app/public
nohup python3 -m http.server 8123 --bind 127.0.0.1 > /tmp/http-server.out 2>&1 &
sleep 1
