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


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


unchanged("/app/token_server.py", "26811f478137b8b2d33c11b29b9754ca545112793968803297227036257f9c97")
got = read("/app/token.txt").strip()
if not got:
    fail("/app/token.txt: is empty")
token = get("http://127.0.0.1:8125/token").strip()
if got == "try /token":
    fail("/app/token.txt: this is the answer to another path than /token")
if got != token:
    fail("/app/token.txt: is not the token of the running server")

print("OK")
