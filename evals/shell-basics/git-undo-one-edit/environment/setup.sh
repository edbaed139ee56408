#!/bin/bash
# Builds the repository /app with fixed names and dates.
set -eu
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main
git config user.name "Dana Fox"
git config user.email "dana@example.org"

n=0
commit() {
    n=$((n + 1))
    local date="@$((1712000000 + n * 4000)) +0000"
    git add -A
    GIT_AUTHOR_DATE="$date" GIT_COMMITTER_DATE="$date" git commit -q -m "$1"
}

printf 'soup\nrice\nplum cake\n' > menu.txt
printf 'Mon 9-17\nTue 9-17\n' > hours.txt
commit "Start"
printf 'soup\nplum cake\nxxx\n' > menu.txt
printf 'Mon 9-18\nTue 9-18\nSat closed\n' > hours.txt
