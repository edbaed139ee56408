#!/bin/bash
set -eu
t=$(mktemp -d)
mkdir -p "$t"/site/css "$t"/site/js "$t"/site/img
for f in site/index.html site/about.html site/css/main.css site/css/print.css site/js/menu.js site/img/logo.svg site/img/back.svg site/robots.txt; do
    printf 'content of %s\n' "$f" > "$t/$f"
done
tar --sort=name --mtime=@1712000000 --owner=0 --group=0 --numeric-owner -czf site.tar.gz -C "$t" site
rm -r "$t"
