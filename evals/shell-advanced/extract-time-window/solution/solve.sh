#!/bin/bash
set -e
awk '$1 == "2024-03-05" && $2 >= "10:15:00" && $2 <= "10:44:59"' /app/events_log > /app/window.txt
