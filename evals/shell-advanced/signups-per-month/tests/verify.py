import hashlib
import re
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        fail(f"{path}: no such file")
    except (OSError, UnicodeDecodeError) as e:
        fail(f"{path}: cannot be read as text: {type(e).__name__}")


def lines(path):
    text = read(path).strip()
    if not text:
        fail(f"{path}: the file is empty")
    return [line.rstrip() for line in text.split("\n")]


def unchanged(path, sha256):
    try:
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
    except OSError:
        fail(f"{path}: the input file is missing")
    if digest != sha256:
        fail(f"{path}: the input file was changed")


unchanged("/app/signups.csv", "f7543ca8422845d5713eadf610c6aba990f7ba3721721c153e58e1d26f93d4df")

got = lines("/app/months.txt")
expected = ['2023-09 10', '2023-10 5', '2023-11 8', '2023-12 4', '2024-01 8', '2024-02 2', '2024-03 10', '2024-04 5']
if len(got) != len(expected):
    fail(f"/app/months.txt: expected {len(expected)} lines, found {len(got)}")
for g in got:
    if not re.fullmatch(r"\d{4}-\d{2} \d+", g):
        fail("/app/months.txt: a line is not in the form YYYY-MM count")
if sorted(got) != sorted(expected):
    fail("/app/months.txt: a month or a count is wrong")
if got != expected:
    fail("/app/months.txt: the oldest month is not first")
print("OK")
