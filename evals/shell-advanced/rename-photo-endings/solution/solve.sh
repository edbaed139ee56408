#!/bin/bash
set -e
find /app/photos -type f \( -iname '*.jpg' -o -iname '*.jpeg' \) -print0 | while IFS= read -r -d '' path; do
    new="${path%.*}.jpg"
    if [ "$path" != "$new" ]; then mv -- "$path" "$new"; fi
done
