#!/bin/bash
set -e
sed -i 's/^backup_port=8008/backup_port=8009/' /app/ports.sh
