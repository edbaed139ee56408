#!/bin/bash
set -e
cat > /app/settings.json <<'END'
{"host": "127.0.0.1", "port": 8085, "debug": false, "workers": 4}
END
