import hashlib
import json
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


def unchanged(path, sha256):
    try:
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
    except OSError:
        fail(f"{path}: the input file is missing")
    if digest != sha256:
        fail(f"{path}: the input file was changed")


unchanged("/app/app.log", "4bd6060563f6d5da66daf771106a164dede893a6d6dc0e8b7148f961f81a2bfb")

try:
    got = json.loads(read("/app/levels.json"))
except ValueError:
    fail("/app/levels.json: not valid JSON")
expected = {'INFO': 36, 'DEBUG': 10, 'WARN': 7, 'ERROR': 11}
if not isinstance(got, dict):
    fail("/app/levels.json: expected an object")
if set(got) != set(expected):
    fail("/app/levels.json: not the right set of levels as keys")
for level, count in expected.items():
    if isinstance(got[level], (str, bool)):
        fail("/app/levels.json: a count is not a number")
    if got[level] != count:
        fail(f"/app/levels.json: wrong count for {level}")
print("OK")
