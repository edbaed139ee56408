#!/bin/bash
set -e
sed -i '/^sam$/d' /app/members.txt
