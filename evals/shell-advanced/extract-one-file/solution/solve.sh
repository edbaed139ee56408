#!/bin/bash
set -e
tar -xzf /app/backup.tar.gz -C /app conf/app.ini
