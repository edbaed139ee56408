import hashlib
import json
import os
import subprocess
import sys
import tempfile


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def unchanged(path, sha256):
    try:
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
    except OSError:
        fail(f"{path}: the input file is missing")
    if digest != sha256:
        fail(f"{path}: the input file was changed")


def call(module, function, arguments):
    """Call /app/<module>.py:<function> in a fresh interpreter; returns ["ok", value, arguments after the call] or ["error", type]."""
    code = (
        "import json, sys\n"
        "sys.path.insert(0, '/app')\n"
        "args = json.loads(sys.argv[1])\n"
        "try:\n"
        f"    from {module} import {function} as f\n"
        "    out = ['ok', f(*args), args]\n"
        "except Exception as e:\n"
        "    out = ['error', type(e).__name__]\n"
        "print()\n"
        "print(json.dumps(out))\n"
    )
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX=tempfile.mkdtemp())
    try:
        p = subprocess.run([sys.executable, "-c", code, json.dumps(arguments)], env=env, cwd="/app",
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           text=True, timeout=10)
        return json.loads(p.stdout.strip().split("\n")[-1])
    except subprocess.TimeoutExpired:
        fail(f"/app/{module}.py: {function} did not return within 10 s")
    except (ValueError, IndexError):
        fail(f"/app/{module}.py: {function} gave no result")


def check(module, function, arguments, expected):
    shown = f"{function}({', '.join(repr(a) for a in arguments)})"
    got = call(module, function, arguments)
    if got[0] == "error":
        if got[1] != expected:
            fail(f"{shown}: raised {got[1]}")
        return
    if isinstance(expected, str) and expected.endswith("Error"):
        fail(f"{shown}: did not raise {expected}")
    if got[1] != expected:
        fail(f"{shown}: expected {expected!r}, got {repr(got[1])[:60]}")
    if got[2] != arguments:
        fail(f"{shown}: the argument was changed")


unchanged("/app/test_basket.py", "80208b5403e9afc1e47c180d4b09e1e19407a61f9d3b52df68aa1b973b027d21")

code = """
import json
from basket import add_item, summary
a = add_item("apple")
b = add_item("pear", 2)
c = add_item("fig", count=0)
own = ["plum"]
d = add_item("kiwi", 1, own)
empty = []
e = add_item("lime", 2, empty)
f = add_item("nut", basket=empty)
print()
print(json.dumps([a, b, c, own, d is own, empty, e is empty and f is empty, summary(own)]))
"""
env = dict(os.environ, PYTHONPATH="/app", PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX=tempfile.mkdtemp())
try:
    p = subprocess.run([sys.executable, "-c", code], env=env, cwd="/app", stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, text=True, timeout=10)
    a, b, c, own, same_own, empty, same_empty, counts = json.loads(p.stdout.strip().split("\n")[-1])
except subprocess.TimeoutExpired:
    fail("/app/basket.py: does not end")
except (ValueError, IndexError):
    fail("/app/basket.py: raises an error")
if a != ["apple"] or b != ["pear", "pear"] or c != []:
    fail("/app/basket.py: calls without a basket still share items")
if own != ["plum", "kiwi"] or not same_own:
    fail("/app/basket.py: a basket that is passed in is not extended and returned itself")
if empty != ["lime", "lime", "nut"] or not same_empty:
    fail("/app/basket.py: an empty basket that is passed in is not extended and returned itself")
if counts != {"plum": 1, "kiwi": 1}:
    fail("/app/basket.py: summary does not work any more")
print("OK")
