#!/bin/bash
# Reports what is in stock; warns about what is not.
while read -r name count; do
    if [ "$count" -eq 0 ]; then
        echo "warning: $name is sold out" >&2
    else
        echo "$name: $((count * 12)) pieces"
    fi
done < /app/stock.txt
