#!/bin/bash
# Starts clock.sh in the background and writes its process id to /app/clock.pid.
nohup bash /app/clock.sh > /app/clock.log 2>&1 < /dev/null &
echo $! > /app/clock.pid
until grep -qs 'tick 1' /app/clock.log; do sleep 0.1; done
