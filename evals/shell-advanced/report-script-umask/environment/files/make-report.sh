#!/bin/bash
# usage: make-report.sh OUTDIR
out=$1

umask 022
mkdir -p "$out/parts"
for n in 1 2 3; do
    echo "part $n: $((n * 111)) items" > "$out/parts/part-$n.txt"
done
cat "$out"/parts/*.txt > "$out/report.txt"
echo "report ready in $out"
