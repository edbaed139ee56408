import hashlib
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


unchanged("/app/sales.csv", "0fa48194ce4fe8cd6120f295dcd3e08f9e3e96d42374c12a6700650ee3be631f")

got = lines("/app/top3.txt")
expected = ['marker 244', 'pen 209', 'envelope 172']
if len(got) != 3:
    fail(f"/app/top3.txt: expected 3 lines, found {len(got)}")
if [g.split(" ")[0] for g in got] != [e.split(" ")[0] for e in expected]:
    fail("/app/top3.txt: not the right products in the right order")
if got != expected:
    fail("/app/top3.txt: a line is not `product units` with the right total")
print("OK")
