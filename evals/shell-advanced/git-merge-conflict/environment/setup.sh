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


settings() { printf '[client]\nname = probe\ntimeout = %s\nretries = %s\nverify = true\n' "$@" > settings.ini; }
settings 10 3
printf '# Probe\n' > README.md
commit "Add settings"
git checkout -q -b more-retries
settings 10 5
printf 'Retries are counted per host.\n' > RETRIES.txt
commit "Allow more retries"
git checkout -q main
settings 30 3
printf '# Probe\n\nSee settings.ini.\n' > README.md
commit "Wait longer"
