#!/usr/bin/env python3
import os
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def read(path):
    if not os.path.isfile(path):
        fail(f"{path}: missing (expected a file)")
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        fail(f"{path}: cannot be read")


def same_lines(path, want):
    text = read(path)
    if not text.strip():
        fail(f"{path}: is empty")
    got = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    if got == want:
        return
    if sorted(got) == sorted(want):
        fail(f"{path}: right lines, wrong order")
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for number, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {number} is wrong: {a!r}")


WANT = [
    '# jobs of the shop server',
    'SHELL=/bin/bash',
    'LEGACY_HOME=/opt/legacy/',
    'MAILTO=ops@shop.example',
    '',
    '# m h dom mon dow command',
    '0 3 * * * /usr/local/bin/backup-db --full',
    '#15 * * * * /opt/legacy/sync-stock.sh',
    '#30 2 * * 1 /opt/legacy/weekly-report.sh',
    '*/10 * * * * /opt/shop/bin/send-mail --queue main',
    '#45 23 * * * /usr/bin/nice /opt/legacy/close-day.sh >> /var/log/close-day 2>&1',
    '# the next job replaces /opt/legacy/price-list.sh',
    '5 4 * * * /opt/shop/bin/price-list --source /srv/legacy/prices',
    '0 6 1 * * /opt/legacy-tools/rotate.sh',
    '#20 5 * * 6 cd /opt/legacy/tools && ./clean.sh',
]

got = [line.rstrip() for line in read("/app/crontab.txt").rstrip("\n").split("\n")]
if any(line.startswith("##") or line.startswith("# #") for line in got):
    fail("/app/crontab.txt: a line that was a comment already was commented out again")
same_lines("/app/crontab.txt", WANT)

print("OK")
