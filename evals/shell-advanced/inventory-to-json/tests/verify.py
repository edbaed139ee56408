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


unchanged("/app/inventory.csv", "2449b002f949068270c34ffc16851e8dc70ff807a96f5c6cdbaa21099cdd005d")

try:
    got = json.loads(read("/app/inventory.json"))
except ValueError:
    fail("/app/inventory.json: not valid JSON")
expected = json.loads('''[{"sku": "A-100", "name": "Desk lamp", "qty": 14, "price": 23.5}, {"sku": "A-101", "name": "Cable, USB-C, 2 m", "qty": 120, "price": 7.25}, {"sku": "A-102", "name": "Notebook A5", "qty": 300, "price": 2.4}, {"sku": "B-200", "name": "Chair", "qty": 6, "price": 89.0}, {"sku": "B-201", "name": "Mouse pad", "qty": 41, "price": 5.75}, {"sku": "B-202", "name": "Adapter, 3 pin", "qty": 0, "price": 11.2}, {"sku": "C-300", "name": "Monitor 24 inch", "qty": 9, "price": 139.99}, {"sku": "C-301", "name": "Keyboard", "qty": 17, "price": 34.5}, {"sku": "C-302", "name": "Hub, 7 ports", "qty": 22, "price": 27.8}]''')
if not isinstance(got, list):
    fail("/app/inventory.json: expected an array")
if len(got) != len(expected):
    fail(f"/app/inventory.json: expected {len(expected)} objects, found {len(got)}")
for g, e in zip(got, expected):
    if not isinstance(g, dict) or set(g) != set(e):
        fail("/app/inventory.json: an object does not have exactly the keys sku, name, qty, price")
    for key in ("qty", "price"):
        if isinstance(g[key], (str, bool)) or g[key] is None:
            fail(f"/app/inventory.json: {key} is not a number")
    if g != e:
        fail(f"/app/inventory.json: wrong object for sku {e['sku']}")
print("OK")
