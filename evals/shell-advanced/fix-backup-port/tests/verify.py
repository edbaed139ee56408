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


SCRIPT = '#!/bin/bash\n# Prints the ports of the service.\nport=8008\nbackup_port=8008\necho "port $port"\necho "backup $backup_port"\n'

got = read("/app/ports.sh").rstrip().split("\n")
want = SCRIPT.rstrip().split("\n")
if len(got) != len(want):
    fail(f"/app/ports.sh: expected {len(want)} lines, found {len(got)}")
for n, (a, b) in enumerate(zip(got, want), 1):
    if n != 4 and a.rstrip() != b:
        fail(f"/app/ports.sh: line {n} was changed")
result = run("bash", "/app/ports.sh")
if result.returncode:
    fail(f"bash /app/ports.sh: exit code {result.returncode}")
if result.stdout.split("\n")[1:2] != ["backup 8009"]:
    fail(f"bash /app/ports.sh: wrong second line of the output {result.stdout.split(chr(10))[1:2]}")

print("OK")
