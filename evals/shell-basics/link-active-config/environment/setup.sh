#!/bin/bash
set -eu
ln -s test.conf conf/active.conf
