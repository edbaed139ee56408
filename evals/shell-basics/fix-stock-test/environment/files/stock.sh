#!/bin/bash
# Says whether there is enough in stock: more than 10 pieces.
count=$1
if [ "$count" > 10 ]; then
    echo "enough"
else
    echo "order more"
fi
