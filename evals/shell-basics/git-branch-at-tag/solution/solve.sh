#!/bin/bash
set -e
cd /app/repo
git branch hotfix v1.0
