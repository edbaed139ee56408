#!/bin/bash
set -e
sed -i 's/nmae/name/' /app/greet.py
