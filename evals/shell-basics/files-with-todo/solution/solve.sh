#!/bin/bash
set -e
grep -rl TODO /app/src | sort > /app/todo.txt
