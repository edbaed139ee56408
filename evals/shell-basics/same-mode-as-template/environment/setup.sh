#!/bin/bash
set -eu
chmod 750 template.sh
chmod 644 report.sh
