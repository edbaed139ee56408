#!/bin/bash
set -e
sed -n '11,19p' /app/manual.txt > /app/washing.txt
