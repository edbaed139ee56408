#!/bin/bash
set -e
sed -i '4s/>/-gt/' /app/stock.sh
