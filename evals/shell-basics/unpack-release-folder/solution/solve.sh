#!/bin/bash
set -e
mkdir /app/release
tar -xzf /app/release.tar.gz -C /app/release
