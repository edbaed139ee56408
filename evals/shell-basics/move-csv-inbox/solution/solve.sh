#!/bin/bash
set -e
mkdir /app/tables
mv /app/inbox/*.csv /app/tables/
