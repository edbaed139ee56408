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

printf 'bread 2\nmilk 1\n' > prices.txt
commit "Start"
printf 'bread 2\nmilk 1\ncheese 7\n' > prices.txt
commit "Add cheese"
printf 'bread 3\nmilk 2\ncheese 9\nhoney 8\n' > prices.txt
commit "New prices"
