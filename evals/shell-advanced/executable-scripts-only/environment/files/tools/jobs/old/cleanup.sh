#!/bin/bash
rm -f /tmp/demo
