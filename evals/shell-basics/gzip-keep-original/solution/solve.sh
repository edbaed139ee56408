#!/bin/bash
set -e
gzip -k /app/access.log
