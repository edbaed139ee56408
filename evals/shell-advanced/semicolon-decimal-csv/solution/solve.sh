#!/bin/bash
set -eu
sed 's/,/./g; s/;/,/g' prices.csv > prices_fixed.csv
