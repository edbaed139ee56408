#!/bin/bash
set -e
cd /app
mk() { mkdir -p "$(dirname "project/$1")"; printf "$2" > "project/$1"; }
mk README.md "# demo\n"
mk src/main.py "import util\nutil.hello()\n"
mk src/util.py "def hello():\n    print('hello')\n"
mk src/cache_helper.py "LIMIT = 10\n"
mk docs/logs-howto.md "where the logs are\n"
mk docs/.settings "theme=dark\n"
mk data/catalog.csv "id,name\n1,bolt\n"
mk run.log "started\n"
mk src/debug.log "x=1\n"
mk data/import.2024.log "1 row\n"
mk cache/index.bin "cached\n"
mk cache/pages/1.html "<p>\n"
mk docs/cache/search.idx "idx\n"
