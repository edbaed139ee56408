#!/bin/bash
set -e
python3 -c "
import json
for book in json.load(open('/app/books.json')):
    print(book['title'])
" > /app/titles.txt
