#!/bin/bash
set -eu
ln -s store/prices.csv prices.csv
