#!/bin/bash
set -e
sed -i 's/alpha\.example\.com/gamma.example.com/g' /app/shop.conf
