#!/bin/bash
set -e
nohup bash /app/worker.sh > /dev/null 2>&1 < /dev/null &
echo $! > /app/worker.pid
sleep 1
