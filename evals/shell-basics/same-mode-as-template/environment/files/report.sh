#!/bin/bash
set -eu
echo "report of $(whoami)"
