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


mkdir docs
printf '# Toolbox\n\nSmall helpers.\n' > README.md
printf '# Setup\n\nRun install.sh.\n' > docs/setup.md
printf '# Usage\n\nRun toolbox --help.\n' > docs/usage.md
commit "Start the documentation"
printf '# Setup\n\nRun install.sh as root.\nThen edit /etc/toolbox.conf.\n' > docs/setup.md
commit "Say more about the setup"
printf '# Usage\n\nRun toolbox --help.\nExit codes: 0 good, 1 bad.\n' > docs/usage.md
commit "List exit codes"
printf '# Setup\n\nRun install.sh as root.\nThen edit /etc/toolbox.conf.\nSet the key cache_dir to a directory with 2 GB of free space.\n' > docs/setup.md
commit "Mention cache_dir"
git rm -q docs/setup.md
printf '# Toolbox\n\nSmall helpers for the shell.\n' > README.md
commit "Tidy up"
printf '# Usage\n\nRun toolbox --help.\nExit codes: 0 good, 1 bad, 2 usage error.\n' > docs/usage.md
commit "Add exit code 2"
