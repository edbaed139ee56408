#!/bin/bash
# usage: minmax.sh NUMBER...
if [ $# -eq 0 ]; then
    echo "usage: minmax.sh NUMBER..." >&2
    exit 2
fi

min=0
max=0
for n in "$@"; do
    if [[ $n > $max ]]; then max=$n; fi
    if [[ $n < $min ]]; then min=$n; fi
done
echo "min=$min max=$max"
