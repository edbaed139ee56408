#!/bin/bash
set -e
cd /app
git reset -q -- token.env
