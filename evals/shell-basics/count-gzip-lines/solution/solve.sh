#!/bin/bash
set -e
zcat /app/visits.log.gz | wc -l > /app/visits.txt
