#!/bin/bash
for n in 3 2 1; do
    echo "$n"
don
echo "we are done"
