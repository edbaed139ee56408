#!/bin/bash
set -eu
sed -i 's/start < merged/start <= merged/; s/= end$/= max(merged[-1][1], end)/' ranges.py
