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


unchanged("/app/requests.log", "b8e6d37b5c07db1ee55c47d03bb945e9bb4cd2d7a162da2b39109644b2cfc21e")

got = lines("/app/median.txt")
if len(got) != 1:
    fail(f"/app/median.txt: expected one number, found {len(got)} lines")
if not re.fullmatch(r"\d+\.\d", got[0].strip()):
    fail("/app/median.txt: not a number with one decimal")
if got[0].strip() != "75.5":
    fail("/app/median.txt: wrong median")
print("OK")
