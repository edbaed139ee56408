#!/bin/bash
set -e
python3 /app/seats.py < /app/guests.txt > /app/seats.txt
