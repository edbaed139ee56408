#!/bin/bash
set -e
SHOP='Blue Door' python3 /app/sign.py > /app/sign.txt
