#!/bin/bash
# prints big for numbers over 100, small for all others
if [ "$1" -gt 100 ]
    echo "big"
else
    echo "small"
fi
