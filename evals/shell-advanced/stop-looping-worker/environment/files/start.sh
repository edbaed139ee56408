#!/bin/bash
# starts the worker in the background and remembers its process id
mkdir -p /app/run
nohup bash /app/worker.sh > /dev/null 2>&1 &
echo $! > /app/run/worker.pid
echo "worker started"
