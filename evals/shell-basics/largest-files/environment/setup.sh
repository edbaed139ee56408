#!/bin/bash
set -e
cd /app
mk() { mkdir -p "$(dirname "data/$1")"; head -c "$2" /dev/zero | tr '\0' 'x' > "data/$1"; }
mk notes.txt 900
mk index.db 9999
mk images/map.png 48211
mk images/raw/scan-01.tif 101350
mk images/raw/scan-02.tif 99870
mk dumps/daily.sql 120400
mk dumps/old/weekly.sql 10480
mk .staging/upload.tmp 131072
mk cache/part-1.bin 30017
mk cache/part-2.bin 30034
mk cache/part-3.bin 30051
mk cache/part-4.bin 30068
mk cache/part-5.bin 30085
mk cache/part-6.bin 30102
mk cache/part-7.bin 30119
mk cache/part-8.bin 30136
mk cache/part-9.bin 30153
