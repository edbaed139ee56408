#!/bin/bash
set -e
cd /app
chmod 755 keys keys/client keys/client/old
chmod 644 keys/server.key
chmod 600 keys/server.pub
chmod 666 keys/client/client.key
chmod 664 keys/client/client.pub
chmod 755 keys/client/old/legacy.key
chmod 640 keys/client/old/legacy.pub
chmod 640 keys/config
chmod 664 keys/client/README
