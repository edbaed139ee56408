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


unchanged("/app/events.jsonl", "9bee4daf69daffcd1d168c5046814edf045b65327ccca594abec80eb751d723b")

got = lines("/app/users.txt")
expected = ['jens', 'lars', 'mira', 'nora', 'pia']
if len(set(got)) != len(got):
    fail("/app/users.txt: a name is listed more than once")
if set(got) != set(expected):
    fail("/app/users.txt: not the right set of users")
if got != expected:
    fail("/app/users.txt: the names are not sorted")
print("OK")
