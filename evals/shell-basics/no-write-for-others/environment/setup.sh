#!/bin/bash
set -eu
chmod 777 public
chmod 666 public/index.html
chmod 757 public/run.sh
chmod 640 public/secret.txt
chmod 757 public/img
chmod 646 public/img/logo.svg
chmod 772 public/img/raw
chmod 666 public/img/raw/logo.txt
