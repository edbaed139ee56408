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


write() { printf 'HOST = "%s"\nPORT = %s\nMAX_RETRIES = %s\nTIMEOUT = %s\n\n\ndef connect():\n    return open_link(HOST, PORT, MAX_RETRIES, TIMEOUT)\n' "$@" > client.py; }
write old.example.org 80 3 10
commit "Add client"
write old.example.org 80 3 20
commit "Wait longer"
write old.example.org 8080 5 20
commit "Changes for the test server"
printf '# Client\n' > README.md
commit "Add readme"
write old.example.org 8080 5 25
commit "Tune the client"
write new.example.org 8080 7 25
commit "Move to the new host"
write new.example.org 8443 7 25
commit "Use the encrypted port"
printf '# Client\n\nMAX_RETRIES limits the attempts.\n' > README.md
commit "Explain MAX_RETRIES"
write new.example.org 8443 7 40
commit "Raise limits"
