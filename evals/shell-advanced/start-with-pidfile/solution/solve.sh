#!/bin/bash
set -e
mkdir -p /app/run
cd /app
APP_MODE=production nohup python3 service.py > run/service.out 2>&1 &
echo $! > /app/run/service.pid
sleep 1
