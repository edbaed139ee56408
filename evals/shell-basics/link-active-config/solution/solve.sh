#!/bin/bash
set -e
cd /app/conf
ln -sf prod.conf active.conf
