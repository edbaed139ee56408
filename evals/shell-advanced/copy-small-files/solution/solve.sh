#!/bin/bash
set -e
mkdir -p /app/small
cd /app/in
find . -type f -size -1000c -exec cp --parents {} /app/small \;
