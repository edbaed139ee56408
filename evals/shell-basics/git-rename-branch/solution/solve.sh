#!/bin/bash
set -e
cd /app/repo
git branch -m feature-lgoin feature-login
