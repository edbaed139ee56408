#!/bin/bash
set -e
bash /app/start.sh
while [ "$(cat /app/run/progress.txt 2> /dev/null | wc -l)" -lt 8 ]; do sleep 0.3; done
kill "$(cat /app/run/worker.pid)"
sleep 0.5
rm /app/run/worker.pid
wc -l < /app/run/progress.txt > /app/steps.txt
