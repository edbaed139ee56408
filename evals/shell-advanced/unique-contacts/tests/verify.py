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


unchanged("/app/contacts.csv", "c4e2628d6fc40b5b3539bdce40485314b95ba2868fb7576f2b2ac360e4125c67")

got = lines("/app/unique.csv")
expected = ['name,email,joined', 'Jon Pike,jon@example.net,2023-10-11', 'Esme Hall,esme.hall@example.com,2023-05-11', 'Ada Lind,ada@example.org,2023-01-11', 'Hal Brook,hal@example.org,2023-08-11', 'Cleo Marsh,cleo@example.net,2023-03-11', 'Bo Frey,bo.frey@example.com,2024-01-06', 'Finn Oy,finn@example.com,2024-02-01', 'Gia Rossi,gia@example.net,2023-07-11', 'Ada Lind,ada.lind@example.org,2024-02-04', 'Dov Stein,dov@example.org,2023-04-11', 'Iris Falk,iris.falk@example.com,2023-09-11', 'Finn Oy,finn@example.org,2023-06-11']
if got[0] != expected[0]:
    fail("/app/unique.csv: the first line is not the header")
if len(got) != len(expected):
    fail(f"/app/unique.csv: expected {len(expected)} lines with the header, found {len(got)}")
if sorted(got) != sorted(expected):
    fail("/app/unique.csv: the wrong lines were kept, or a line was changed")
if got != expected:
    fail("/app/unique.csv: the order of the lines was changed")
print("OK")
