#!/bin/bash
set -e
chmod 700 /app/private
chmod 600 /app/private/token.txt
