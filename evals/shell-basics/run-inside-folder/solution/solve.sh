#!/bin/bash
set -e
cd /app/boat
bash /app/tools/build.sh
