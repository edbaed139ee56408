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

mkdir src conf
for f in src/main.py src/cart.py src/price.py src/mail.py src/user.py conf/app.ini conf/mail.ini README.md; do
    printf 'first version of %s\n' "$f" > "$f"
done
commit "Start"
for f in src/mail.py src/price.py conf/mail.ini; do
    printf 'second version of %s\n' "$f" > "$f"
done
commit "Better mails"
for f in src/cart.py src/price.py conf/app.ini README.md; do
    printf 'third version of %s\n' "$f" > "$f"
done
commit "Show prices with tax"
