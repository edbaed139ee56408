#!/bin/bash
set -e
sed -i '/^[0-9*].*\/opt\/legacy\//s/^/#/' /app/crontab.txt
