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


unchanged("/app/customers.csv", "55abd9a800a636636d44619080bed57a4d680ab256ab1b594aad8ca449fdd161")
unchanged("/app/orders.csv", "ced6e42b5de7f0f949ac887f634aead934d414b20b991762c131200639f41cef")

got = [line.replace('"', "") for line in lines("/app/totals.csv")]
expected = ['Cedar,1099.78', 'Fir,806.82', 'Hazel,737.16', 'Birch,568.49', 'Alder,303.13', 'Larch,259.28']
if len(got) != len(expected):
    fail(f"/app/totals.csv: expected {len(expected)} lines, found {len(got)}")
if sorted(got) != sorted(expected):
    fail("/app/totals.csv: a name or a total is wrong")
if got != expected:
    fail("/app/totals.csv: the largest total is not first")
print("OK")
