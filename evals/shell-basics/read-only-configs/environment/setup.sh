#!/bin/bash
set -eu
chmod 755 conf
chmod 644 conf/*
