#!/bin/bash
set -e
cd /app/photos
for name in *.png; do mv "$name" "trip-$name"; done
