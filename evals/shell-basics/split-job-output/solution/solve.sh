#!/bin/bash
set -e
bash /app/job.sh > /app/job.out 2> /app/job.err
