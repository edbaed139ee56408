#!/bin/bash
set -eu
cd repo
git merge -q more-retries > /dev/null || true
sed -i '/^[<=>|]\{7\}/d; /^timeout = 10$/d; /^retries = 3$/d' settings.ini
git add settings.ini
git commit -q -m "Merge more-retries"
