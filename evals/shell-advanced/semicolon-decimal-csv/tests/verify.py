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


unchanged("/app/prices.csv", "497d5bd26f81524cadac8723960e29c6f6f9c9b6bd038a58983988690cef97cd")

got = lines("/app/prices_fixed.csv")
expected = ['sku,price,stock,weight', 'P003,174.05,266,1.9', 'P010,52.50,177,8.5', 'P017,150.18,304,4.2', 'P024,67.52,167,4.2', 'P031,84.39,11,9.4', 'P038,19.25,58,8.8', 'P045,100.93,37,1.7', 'P052,5.12,296,6.7', 'P059,113.84,153,9.9', 'P066,41.81,208,3.9', 'P073,148.93,55,3.7', 'P080,50.17,68,7.2', 'P087,141.90,234,0.8', 'P094,123.76,61,8.8', 'P101,129.63,188,6.9', 'P108,47.00,125,1.1', 'P115,120.48,231,1.5', 'P122,33.60,145,7.7', 'P129,76.94,87,7.8', 'P136,78.39,346,0.2', 'P143,54.39,351,6.2', 'P150,119.08,239,8.8', 'P157,169.02,89,6.5', 'P164,20.10,64,2.7', 'P171,74.59,57,3.8']
if len(got) != len(expected):
    fail(f"/app/prices_fixed.csv: expected {len(expected)} lines, found {len(got)}")
if ";" in "".join(got):
    fail("/app/prices_fixed.csv: there are still semicolons")
if got[0] != expected[0]:
    fail("/app/prices_fixed.csv: wrong header line")
for line, e in zip(got, expected):
    if line.count(",") != 3:
        fail("/app/prices_fixed.csv: a line does not have 4 fields")
    if line != e:
        fail("/app/prices_fixed.csv: a field has a wrong value")
print("OK")
