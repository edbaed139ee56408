#!/bin/bash
set -e
cd /app
ln -s releases/v1.8.12 current
