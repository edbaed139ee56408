#!/bin/bash
set -e
sed -i 's/if age > 65:/if age >= 65:/' /app/tickets.py
