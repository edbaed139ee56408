#!/bin/bsh
# Prints a greeting for every name.
for name in "$@"; do
    echo "Hello, $name"
done
