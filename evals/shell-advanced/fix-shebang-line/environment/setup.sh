#!/bin/bash
set -eu
chmod 644 hello.sh
