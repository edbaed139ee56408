#!/bin/bash
set -eu
t=$(mktemp -d)
mkdir -p "$t"/lib/data
for f in app.py config.ini lib/util.py lib/data/table.csv README; do
    printf 'release file %s\n' "$f" > "$t/$f"
done
tar --mtime=@1712000000 --owner=0 --group=0 --numeric-owner -czf release.tar.gz -C "$t" README app.py config.ini lib
rm -r "$t"
