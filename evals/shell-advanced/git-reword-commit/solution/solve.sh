#!/bin/bash
set -eu
cd repo
git commit -q --amend -m "Add retry to upload client"
