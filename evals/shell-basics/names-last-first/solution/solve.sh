#!/bin/bash
set -e
awk '{ print $2 ", " $1 }' /app/staff.txt > /app/badges.txt
