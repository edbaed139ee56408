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


cat > check.py <<'END'
"""Exit code 0 if price.py gives the right results, 1 if not."""
import sys
sys.dont_write_bytecode = True
from price import gross

sys.exit(0 if gross(100) == 119 and gross(1000) == 1190 else 1)
END
price() { printf 'TAX = 19\n\n\ndef gross(net):\n    """%s"""\n    %s\n' "$1" "$2" > price.py; }
price "Price with tax." "return net + net * TAX // 100"
commit "Add price.py and check.py"
price "The price with tax." "return net + net * TAX // 100"
commit "Better doc comment"
printf 'Prices\n' > README.md
commit "Add readme"
price "The price with tax." "return net + (net * TAX) // 100"
commit "Add brackets"
printf 'Prices\n\nIn cents.\n' > README.md
commit "Readme: name the unit"
price "The price with tax, in cents." "return net + (net * TAX) // 100"
commit "Name the unit"
price "The price with tax, in cents." "return net + (net // 100) * TAX % 100"
commit "Simplify brackets"
printf 'dev\n' > AUTHORS
commit "Add authors"
price "The price with tax, in whole cents." "return net + (net // 100) * TAX % 100"
commit "Say whole cents"
printf 'dev\ntest\n' > AUTHORS
commit "Complete authors"
price "The price with tax, in whole cents." "return net + ((net // 100) * TAX) % 100"
commit "Clearer brackets"
printf 'Prices\n\nIn whole cents.\n' > README.md
commit "Readme: whole cents"
