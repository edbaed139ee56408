#!/bin/bash
set -e
cd /app
cat part{1..10}.txt > book.txt
