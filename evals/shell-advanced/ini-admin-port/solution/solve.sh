#!/bin/bash
set -eu
sed -i '/^\[admin\]/,/^\[metrics\]/ s/^port = 8000$/port = 9001/' server.ini
