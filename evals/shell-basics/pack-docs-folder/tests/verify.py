#!/usr/bin/env python3
import hashlib
import os
import sys
import tarfile


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


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


WANT = {
    "docs/.order": "ce35d4ff601d182b53f1cd698dc0fd347501a521d94c084d37bc303eb9035a82",
    "docs/api/v1.md": "f21c1004b235a4f07e76cf926841b0109b1a8cff50bed07a93cfb8e1f208e746",
    "docs/api/v2.md": "533f6e6d9e7f159c8a9f5bd29faf295a52b60e356cfa65394652f342a8dbcbfd",
    "docs/faq.md": "0505e67c3f98112f6c3775ef50195d43d46b5bea91a5e2b31260335e37dda69a",
    "docs/img/plan.svg": "da4b0f9cf7939d2a70c6a2083072921f4225cc1cfc1ce306cf7fdff844b472f4",
    "docs/intro.md": "0f8c5089025013beeb234f6f02e3251445d5154517a52b5e14e34852e97f2c27",
    "docs/setup.md": "1860257e49e52af8e7e6377c4ffca8a52964cfa23763a62d94b0a2a619651ce7",
}

if not os.path.isfile("/app/docs.tar.gz"):
    fail("/app/docs.tar.gz: missing (expected a file)")
got = {}
try:
    with tarfile.open("/app/docs.tar.gz", "r:gz") as archive:
        for member in archive:
            if member.isfile():
                name = member.name[2:] if member.name.startswith("./") else member.name
                got[name] = hashlib.sha256(archive.extractfile(member).read()).hexdigest()
except (tarfile.TarError, OSError, EOFError):
    fail("/app/docs.tar.gz: is not a gzip-compressed tar archive")
for name in got:
    if name not in WANT:
        fail(f"/app/docs.tar.gz: unexpected path {name[:60]!r}")
for name, digest in WANT.items():
    if name not in got:
        fail(f"/app/docs.tar.gz: {name} is missing")
    if got[name] != digest:
        fail(f"/app/docs.tar.gz: {name} has the wrong content")
    unchanged(f"/app/{name}", digest)

print("OK")
