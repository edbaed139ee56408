#!/bin/bash
set -e
cd /app
chmod 755 tools tools/jobs tools/jobs/old
chmod 644 tools/deploy.sh
chmod 755 tools/lib.sh
chmod 600 tools/convert
chmod 755 tools/report.py
chmod 775 tools/helpers.py
chmod 755 tools/README.md
chmod 640 tools/jobs/nightly
chmod 777 tools/jobs/settings.conf
chmod 600 tools/jobs/old/cleanup.sh
chmod 664 tools/jobs/old/notes.txt
