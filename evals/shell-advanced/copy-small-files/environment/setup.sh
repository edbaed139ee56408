#!/bin/bash
set -e
cd /app
mk() { mkdir -p "$(dirname "in/$1")"; head -c "$2" /dev/zero | tr '\0' "$3" > "in/$1"; }
mk a.txt 12 a
mk b.txt 999 b
mk c.txt 1000 c
mk sub/d.txt 1001 d
mk sub/e.dat 1024 e
mk sub/f.dat 700 f
mk sub/deep/g.txt 513 g
mk sub/deep/h.txt 5000 h
mk other/a.txt 300 i
mk other/i.txt 2048 j
mk big/j.bin 1500 k
