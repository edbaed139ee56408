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


unchanged("/app/invoices.csv", "d747a6b549814fb95c7a3e18e67ac2cda278b5d59d155b8254bf24b0f81db976")

got = lines("/app/total.txt")
if len(got) != 1:
    fail(f"/app/total.txt: expected one number, found {len(got)} lines")
if got[0].strip() != "990.34":
    fail("/app/total.txt: wrong sum or not written with two decimals")
print("OK")
