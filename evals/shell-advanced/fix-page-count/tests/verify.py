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


unchanged("/app/test_pages.py", "a7c29e0b77d7d1da6ae0435f7fe125e5e15e2a46b1e68b2609cf8f5273588c1b")

for total, size, expected in ((11, 5, 3), (10, 5, 2), (0, 5, 0), (1, 5, 1), (5, 5, 1), (6, 5, 2), (99, 10, 10), (100, 10, 10), (101, 10, 11), (7, 1, 7)):
    check("pages", "page_count", [total, size], expected)
check("pages", "page", [[1, 2, 3, 4, 5], 2, 3], [4, 5])
print("OK")
