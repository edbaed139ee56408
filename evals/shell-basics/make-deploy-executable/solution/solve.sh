#!/bin/bash
set -e
chmod 755 /app/deploy.sh
