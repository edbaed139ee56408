#!/usr/bin/env python3
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


STATUS = 'service: catalog\nbuild: 7f3a91\nstate: ready\n'

if read("/app/public/status.txt") != STATUS:
    fail("/app/public/status.txt: file was changed")
if get("http://127.0.0.1:8123/status.txt") != STATUS:
    fail("http://127.0.0.1:8123/status.txt: wrong content")
if "catalog" not in get("http://127.0.0.1:8123/docs/"):
    fail("http://127.0.0.1:8123/docs/: wrong content")

print("OK")
