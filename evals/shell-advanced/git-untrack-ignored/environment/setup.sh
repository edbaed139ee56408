#!/bin/bash
# Builds the repository /app/repo with fixed names and dates.
set -eu
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
mkdir repo
cd repo
git init -q -b main
git config user.name "Dana Fox"
git config user.email "dana@example.org"

n=0
commit() {
    n=$((n + 1))
    local date="@$((1709280000 + n * 5400)) +0000"
    git add -A
    GIT_AUTHOR_DATE="$date" GIT_COMMITTER_DATE="$date" git commit -q -m "$1"
}


mkdir src
printf 'print("build me")\n' > src/app.py
printf '# App\n' > README.md
commit "Start"
mkdir build
printf 'binary v1\n' > build/app.bin
printf 'sizes: 12 kB\n' > build/report.txt
printf 'started\nstopped\n' > debug.log
commit "Add program output"
printf '# App\n\nRun src/app.py.\n' > README.md
commit "Extend the readme"
