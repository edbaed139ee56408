#!/bin/bash
set -eu
mkdir media/radio media/music/covers media/empty-file
mkdir -p media/film/2022/raw media/film/2022/cut media/a/b/c
touch media/empty-file/zero.dat
