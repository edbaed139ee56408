#!/usr/bin/env python3
import os
import subprocess
import sys


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


def run(*args):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        fail("the program did not end within 15 s")
    except OSError as error:
        fail(f"{args[0]}: cannot be run: {error.strerror}")


SOURCE = 'import sys\n\n\ndef double(n)\n    return n + n\n\n\nprint(double(int(sys.argv[1])))\n'

got = [line.rstrip() for line in read("/app/double.py").rstrip().split("\n")]
want = SOURCE.rstrip().split("\n")
if [line for n, line in enumerate(got, 1) if n != 4] != [line for n, line in enumerate(want, 1) if n != 4]:
    fail("/app/double.py: other lines than line 4 were changed")
for n in (21, 0, 350, -4):
    result = run(sys.executable, "-B", "/app/double.py", str(n))
    if result.returncode:
        fail("python3 /app/double.py fails: " + (result.stderr.strip().split("\n") or [""])[-1][:80])
    if result.stdout.split() != [str(2 * n)]:
        fail(f"python3 /app/double.py {n}: wrong output {result.stdout.strip()[:60]!r}")

print("OK")
