#!/bin/bash
set -e
sed -i 's/"retries": 3/"retries": 5/' /app/client.json
