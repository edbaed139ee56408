#!/bin/bash
set -e
cp -r /app/reports /app/reports_backup
