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


unchanged("/app/jobs.csv", "41e280ed77df985def32c65989f0e52ba9cd232e7e3c70efb3e77e0db40eb34e")

got = lines("/app/averages.txt")
expected = ['backup 905', 'index 108', 'mail-digest 23', 'report 447', 'thumbnails 208']
if len(got) != len(expected):
    fail(f"/app/averages.txt: expected {len(expected)} lines, found {len(got)}")
if [g.split(" ")[0] for g in got] != [e.split(" ")[0] for e in expected]:
    fail("/app/averages.txt: not the right names of jobs in sorted order")
for g, e in zip(got, expected):
    if g != e:
        fail(f"/app/averages.txt: wrong line for the job {e.split(' ')[0]}")
print("OK")
