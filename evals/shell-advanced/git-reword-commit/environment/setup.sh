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


printf 'def upload(path):\n    return send(path)\n' > client.py
printf 'ideas\n' > notes.txt
commit "Add upload client"
printf '# Upload\n' > README.md
commit "Add readme"
printf 'def upload(path):\n    for attempt in range(3):\n        if send(path):\n            return True\n    return False\n' > client.py
commit "Ad rety to uplaod client"
printf 'ideas\n- test with large files\n' > notes.txt
