#!/bin/bash
set -eu
awk -F, '!seen[tolower($2)]++' contacts.csv > unique.csv
