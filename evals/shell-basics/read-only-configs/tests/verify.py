#!/usr/bin/env python3
import hashlib
import os
import stat
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


def mode(path, want):
    if not os.path.exists(path):
        fail(f"{path}: missing")
    got = stat.S_IMODE(os.stat(path).st_mode)
    if got != want:
        fail(f"{path}: mode is {got:o}, expected {want:o}")


WANT = {
    "conf/conf.py": "d216586bfbf3cd679140bd1d1004e6290b96a1cfc3ef1ef36b470acf349f7dbd",
    "conf/cron.conf": "63b2b20614452f193ad6f12303161cedf94c27dfa0910958f5733ea39aa2f1b5",
    "conf/db.conf": "a5cac8de846c3cd9bac84ef0df4591699eb63c22d6345cf4adaec9f8f73b876f",
    "conf/mail.conf": "436cf4ad792bdfbab975f29fbd8f1b27a97f91cd216688c2df964dff65138e67",
    "conf/readme.txt": "2a067221a63c363582600b12b76567fbba36cf4bb7ac2037ea8ea64bd1986e11",
    "conf/web.conf": "863bf5d6e216a4e62b544f2f4745d21bc95d3b9c75f655adc921883831fcb7fa",
    "conf/web.conf.old": "331bb6404d7de123cb09074f73b88c4edc06cbc49bb61de8c595fa9a9091977c",
}

mode("/app/conf", 0o755)
for name, digest in WANT.items():
    mode(f"/app/{name}", 0o444 if name.endswith(".conf") else 0o644)
    unchanged(f"/app/{name}", digest)

print("OK")
