#!/bin/bash
set -e
tac /app/diary.txt > /app/newest.txt
