#!/bin/bash
set -eu
chmod 644 deploy.sh notes.txt
chmod 640 deploy.conf
