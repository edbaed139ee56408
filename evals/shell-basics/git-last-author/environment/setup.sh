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

printf 'print("lamp")\n' > lamp.py
commit "Start"
export GIT_AUTHOR_NAME="Ravi Holm" GIT_AUTHOR_EMAIL="ravi@example.org"
printf '# Lamp\n' > README.md
commit "Add readme"
export GIT_AUTHOR_NAME="Lin Marsh" GIT_AUTHOR_EMAIL="lin@example.org"
printf 'print("lamp on")\n' > lamp.py
commit "Switch it on"
