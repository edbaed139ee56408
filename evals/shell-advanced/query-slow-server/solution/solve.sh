#!/bin/bash
set -e
cd /app
nohup python3 token_server.py > /tmp/token-server.out 2>&1 &
for try in $(seq 30); do
    sleep 1
    if python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8125/token", timeout=5).read().decode().strip())' > token.txt 2> /dev/null; then
        break
    fi
done
