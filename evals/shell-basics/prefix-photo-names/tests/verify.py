#!/usr/bin/env python3
import hashlib
import os
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def read(path):
    if not os.path.isfile(path):
        fail(f"{path}: missing (expected a file)")
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        fail(f"{path}: cannot be read")


WANT = {
    "trip-beach.png": "9f282abf9dac9ec236ba225b15c943080f5c08b914a319e05fa8c75a4999cc2c",
    "trip-boat.png": "6838eb7f511dc647bfca38015ca8526963cb6addcb408963b1b37ab789309d8a",
    "trip-hill-2.png": "ecb9dba5e9331eb349b2798bcf751fdaceae5a28ea3f28956465d7b4877016c1",
    "trip-sunset.png": "a3d66629f17bfe4ae4f85a9773c953c43930a472cbbab4351fc5c1ba956b1d28",
    "boat.jpg": "075c2e81d32826f7ede86b05a0165dcc3726a211c236926b0c8297ee12275f43",
    "png-list.txt": "9a6bdac22ee5c79485052465f42194a7173b29b2875727f9575e3032b8acfe38",
}

for name, digest in WANT.items():
    if not os.path.isfile(f"/app/photos/{name}"):
        fail(f"/app/photos/{name}: missing (expected a file)")
    with open(f"/app/photos/{name}", "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"/app/photos/{name}: has the wrong content")
for name in sorted(os.listdir("/app/photos")):
    if name not in WANT:
        fail(f"/app/photos/{name}: should not be there")

print("OK")
