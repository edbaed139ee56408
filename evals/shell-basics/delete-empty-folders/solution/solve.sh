#!/bin/bash
set -e
find /app/media -mindepth 1 -type d -empty -delete
