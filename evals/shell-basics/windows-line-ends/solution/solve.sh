#!/bin/bash
set -e
sed -i 's/\r$//' /app/stations.txt
