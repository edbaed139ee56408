#!/bin/bash
set -e
sed -i 's/^cache = on$/# cache = on/' /app/web.conf
