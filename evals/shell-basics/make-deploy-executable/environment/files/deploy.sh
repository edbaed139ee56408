#!/bin/bash
echo "deploying version ${1:-1.0}"
