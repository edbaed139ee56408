#!/bin/bash
set -e
sed -i -e 's/^min=0$/min=$1/' -e 's/^max=0$/max=$1/' -e 's/\[\[ $n > $max \]\]/[ "$n" -gt "$max" ]/' -e 's/\[\[ $n < $min \]\]/[ "$n" -lt "$min" ]/' /app/minmax.sh
