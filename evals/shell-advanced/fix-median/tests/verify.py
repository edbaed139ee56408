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


unchanged("/app/test_stats.py", "05635bfea6f2aed6a3d5cd5306b63c2c5b106be3292244a5c858bc0ee4272a56")

check("stats", "median", [[4, 1, 3, 10]], 3.5)
check("stats", "median", [[9, 1, 5]], 5)
check("stats", "median", [[1, 2]], 1.5)
check("stats", "median", [[7]], 7)
check("stats", "median", [[8, -2, 6, 0, 3, 40]], 4.5)
check("stats", "median", [[5, 3, 1, 4, 2]], 3)
check("stats", "median", [[]], "ValueError")
check("stats", "spread", [[4, 1, 10]], 9)
print("OK")
