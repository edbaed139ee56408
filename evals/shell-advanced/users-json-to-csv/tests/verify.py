import csv
import hashlib
import io
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


unchanged("/app/users.json", "966c03453cbfffb14abd753794974a9a853a0a564df256b5a6367ed2ed7fe199")

rows = list(csv.reader(io.StringIO("\n".join(lines("/app/users.csv")))))
expected = [['name', 'email', 'city'], ['Hanna Berg', 'hanna@example.org', 'Oslo'], ['Milan Novak', '', 'Brno'], ['Yara Haddad', 'yara.h@example.org', 'Lyon'], ['Piotr Zak', 'pzak@example.net', 'Gdansk'], ['Lena Vogel', '', 'Graz'], ['Otis Reed', 'otis@example.com', 'Leeds'], ['Sana Malik', 'sana@example.org', 'Bradford']]
if rows[0] != expected[0]:
    fail("/app/users.csv: the first line is not the header name,email,city")
if len(rows) != len(expected):
    fail(f"/app/users.csv: expected {len(expected)} lines with the header, found {len(rows)}")
for row, e in zip(rows, expected):
    if row != e:
        fail(f"/app/users.csv: wrong line for {e[0]}")
print("OK")
