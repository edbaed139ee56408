#!/bin/bash
set -e
rm /app/prices.csv
cp /app/store/prices.csv /app/prices.csv
