#!/bin/bash
set -e
cd /app
git tag v1.0 main~1
