#!/usr/bin/env python3
import hashlib
import http.client
import json
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


unchanged("/app/service.py", "1a35b67754dd394573a08841673e10fbe9d6152363e05e9e95b80bdd9e920204")
try:
    answer = json.loads(get("http://127.0.0.1:8124/"))
    pid, mode = str(answer["pid"]), answer["mode"]
except (ValueError, KeyError, TypeError):
    fail("http://127.0.0.1:8124/: this is not the answer of service.py")
if mode != "production":
    fail(f"the service runs in mode {mode!r}, expected 'production'")
if "service started in mode production" not in read("/app/run/service.out"):
    fail("/app/run/service.out: the output of the service is not there")
got = read("/app/run/service.pid").strip()
if not got.isdigit():
    fail("/app/run/service.pid: expected only one number")
if got != pid:
    fail("/app/run/service.pid: this is not the process id of the running service")

print("OK")
