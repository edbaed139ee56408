#!/usr/bin/env python3
import hashlib
import os
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


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


def lines(path):
    """Lines of the file, without spaces at the ends of lines and empty lines at the end."""
    got = [line.rstrip() for line in read(path).rstrip().split("\n")]
    if got == [""]:
        fail(f"{path}: is empty")
    return got


def same_lines(path, want):
    got = lines(path)
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for n, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {n} is wrong: {a[:60]!r}")


WANT = """
29134
28824
28549
27571
27020
26791
26329
26257
25850
24070
23669
22697
22663
22512
22192
22022
21686
21609
21567
20237
20085
18673
17903
17369
17191
16736
15569
15556
15209
15085
14491
13602
13456
12982
12909
12181
11240
11144
10518
10144
9936
9885
9478
9247
9079
8617
8146
7119
7000
5881
4497
3771
3588
3307
3079
3010
2124
1239
1028
700
197
125
70
7
""".split()

unchanged("/app/numbers.txt", "1485c13c06d037a10d13617a950c69ab341463caecd60c69bac967679ec7ce67")
same_lines("/app/sorted.txt", WANT)

print("OK")
