#!/bin/bash
set -eu
chmod 755 private
chmod 644 private/token.txt
