#!/bin/bash
set -eu
sed -i 's|return total // size + 1|return (total + size - 1) // size|' pages.py
