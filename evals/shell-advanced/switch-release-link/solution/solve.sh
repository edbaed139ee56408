#!/bin/bash
set -e
cd /app
ln -s "$(readlink current)" previous
newest=$(ls releases | sort -V | tail -n 1)
ln -sfn "releases/$newest" current
