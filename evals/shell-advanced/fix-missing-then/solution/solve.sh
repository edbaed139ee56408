#!/bin/bash
set -e
sed -i '3s/$/; then/' /app/size.sh
