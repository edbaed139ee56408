#!/bin/bash
set -e
tar -tzf /app/site.tar.gz > /app/list.txt
