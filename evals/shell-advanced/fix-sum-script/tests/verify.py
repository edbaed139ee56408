#!/usr/bin/env python3
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile


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


def run(*args, **options):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL, **options)
    except subprocess.TimeoutExpired:
        fail("the script did not end within 15 s")


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


CASES = [
    ("the file expenses.txt", '# expenses of March\npaper 120\nink 75\n# travel\ntrain 310\nhotel 905\n', 1410),
    ("a file with many lines", "".join(f"item{n} {n * 3}\n" for n in range(1, 60)), 5310),
    ("amounts below zero", "rent -700\nsalary 2100\nfood -455\n", 945),
    ("comments with numbers", "# tax 500\nbook 20\n#pen 3\npencil 2\n", 22),
]

unchanged("/app/expenses.txt", "ed4c53c640db6bdbf7a71ac7c568fe73d977dcace5c60e94527089a82e9383ab")
read("/app/sum.sh")
for label, text, want in CASES:
    top = tempfile.mkdtemp()
    path = os.path.join(top, "my list.txt")
    with open(path, "w") as f:
        f.write(text)
    result = run("bash", "/app/sum.sh", path, cwd=top)
    if result.stdout.strip() != f"total: {want}":
        fail(f"sum.sh, {label}: wrong output: {result.stdout.strip()[:60]!r}")
    shutil.rmtree(top)

print("OK")
