#!/bin/bash
set -e
sed -i '3s/$1/"$1"/' /app/show.sh
