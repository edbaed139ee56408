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


printf '1.1.0\n' > VERSION
printf 'print("hello")\n' > app.py
commit "Bump version to 1.1.0"
GIT_COMMITTER_DATE="@1709290000 +0000" git tag -a -m "Release 1.1.0" v1.1.0
printf 'print("hello, world")\n' > app.py
commit "Greet the world"
printf '1.2.0\n' > VERSION
commit "Bump version to 1.2.0"
printf '# App\n' > README.md
commit "Add readme"
printf 'import sys\nprint("hello, world")\nsys.exit(0)\n' > app.py
commit "Return an exit code"
