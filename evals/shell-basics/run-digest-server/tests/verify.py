#!/usr/bin/env python3
import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request


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


def get(url, seconds=10):
    """Body of url; polls until it answers or the time is over."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + seconds
    while True:
        try:
            with opener.open(url, timeout=3) as answer:
                return answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            fail(f"{url}: answered with status {error.code}")
        except (OSError, ValueError, http.client.HTTPException):
            if time.monotonic() > end:
                fail(f"{url}: nothing answers")
            time.sleep(0.3)


unchanged("/app/server.py", "4ae68ec9f6bcecad86d8e3ea476317025e35bfd6b1fa3b67f240914d04051164")
for path in ("/status", "/items/7"):
    want = hashlib.sha256(("echo " + path).encode()).hexdigest()
    if get("http://127.0.0.1:8090" + path) != want:
        fail(f"http://127.0.0.1:8090{path}: wrong content, this is not the server of server.py")
if "listening on port 8090" not in read("/app/server.log"):
    fail("/app/server.log: the output of the server is not there")

print("OK")
