#!/bin/bash
set -eu
chmod 700 share share/music share/music/old share/plans
chmod 644 share/readme.md share/music/song.txt
chmod 755 share/run.sh share/music/old/list.csv
chmod 666 share/plans/house.txt
