#!/bin/bash
set -e
chmod 444 /app/conf/*.conf
