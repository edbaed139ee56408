#!/bin/bash
set -e
sed -i -e 's|^DEBUG=.*|DEBUG=false|' -e 's|^DATABASE_URL=.*|DATABASE_URL=postgres://shop:pw@db2.local:6432/shop|' /app/app.env
echo 'CACHE_URL=redis://cache:6379/0' >> /app/app.env
