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


unchanged("/app/parcels.csv", "0c17c6ac09b0c5bc28ed89ab269ebca9962b1a22dc4d04e3a12762ac9edc3dcb")

got = lines("/app/total_kg.txt")
if len(got) != 1:
    fail(f"/app/total_kg.txt: expected one number, found {len(got)} lines")
if not re.fullmatch(r"\d+\.\d\d", got[0].strip()):
    fail("/app/total_kg.txt: not a number with two decimals")
if got[0].strip() != "140.31":
    fail("/app/total_kg.txt: wrong total")
print("OK")
