#!/bin/bash
set -e
cd /app
tar -czf docs.tar.gz docs
