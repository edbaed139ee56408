#!/usr/bin/env python3
import os
import stat
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


FILES = {
    'deploy.sh': '#!/bin/bash\necho deploy\n',
    'lib.sh': '# sourced by the other scripts\nlog() { echo "$1"; }\n',
    'convert': "#!/usr/bin/env python3\nprint('convert')\n",
    'report.py': "#!/usr/bin/env python3\nprint('report')\n",
    'helpers.py': 'def helper():\n    return 1\n',
    'README.md': 'Start with:\n#!/bin/bash\n',
    'jobs/nightly': '#!/bin/sh\necho nightly\n',
    'jobs/settings.conf': '# hour\nhour=3\n',
    'jobs/old/cleanup.sh': '#!/bin/bash\nrm -f /tmp/demo\n',
    'jobs/old/notes.txt': 'notes\n',
}

for folder in ("/app/tools", "/app/tools/jobs", "/app/tools/jobs/old"):
    if not os.path.isdir(folder):
        fail(f"{folder}: missing (expected a folder)")
    if stat.S_IMODE(os.stat(folder).st_mode) != 0o755:
        fail(f"{folder}: folder does not have mode 755 any more")
for name, text in FILES.items():
    path = "/app/tools/" + name
    if read(path) != text:
        fail(f"{path}: content was changed")
    want = 0o755 if text.startswith("#!") else 0o644
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode != want:
        fail(f"{path}: mode is {mode:o}, expected {want:o}")

print("OK")
