#!/bin/bash
set -e
nohup bash /app/ticker.sh > /app/ticker.log 2>&1 &
sleep 1
