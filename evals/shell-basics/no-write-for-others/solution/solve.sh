#!/bin/bash
set -e
chmod -R o-w /app/public
