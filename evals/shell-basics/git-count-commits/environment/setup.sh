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
    local date="@$((1712000000 + n * 4000)) +0000"
    git add -A
    GIT_AUTHOR_DATE="$date" GIT_COMMITTER_DATE="$date" git commit -q -m "$1"
}

for k in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
    printf 'version %s\n' "$k" > page.txt
    commit "Version $k of the page"
done
git checkout -q -b draft
for k in 14 15 16 17; do
    printf 'version %s\n' "$k" > page.txt
    commit "Version $k of the page"
done
git checkout -q main
