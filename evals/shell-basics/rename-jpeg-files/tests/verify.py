#!/usr/bin/env python3
import hashlib
import os
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


WANT = {
    "photos/beach.jpg": "01a1d1519f59f9f4156a873590ceae0dfbd27921a5b5de9ff498bf82732b2a48",
    "photos/city.jpg": "19401d1528d6c6e923d1267a64e5eb88bcc96c74dc4606284547ca2f6cc98d95",
    "photos/dog.jpg": "2459c8d93900202d447a6581be09db1aef5f581be69c3a4a06641bb2971bc232",
    "photos/forest.jpg": "80289f6a84428a1b19c40fd54d224e83182c66fd2e8a5eeacc0821c6fa8cd25f",
    "photos/jpeg-notes.txt": "9a6b793a6c99b735097e6cbb0d01ce2524810bb240062bb7f2e45cb5720a0ec3",
    "photos/lake.jpg": "0b19c53f10087dcadcc0e9b4d36873229d22e57a003eb98e3a1fdefdff24aadc",
    "photos/map.png": "023c79db4f7c71ac081589a8c992dc1196d09a5e9b830e52b30593060c2c1f63",
    "photos/sun.jpg": "376fb1bc989a5b64eff69221409d1a1e92c971f1cd2d01b739faefec9ac0bf55",
}

for name, digest in WANT.items():
    if not os.path.isfile("/app/" + name):
        fail(f"/app/{name}: missing (expected a file)")
    with open("/app/" + name, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"/app/{name}: wrong content")
for name in sorted(os.listdir("/app/photos")):
    if "photos/" + name not in WANT:
        fail(f"/app/photos/{name}: this name should not be there")

print("OK")
