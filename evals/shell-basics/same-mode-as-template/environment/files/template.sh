#!/bin/bash
# start of every script
set -eu
