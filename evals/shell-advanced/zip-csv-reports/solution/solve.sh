#!/bin/bash
set -e
cd /app/reports
python3 - <<'PY'
import pathlib
import zipfile

with zipfile.ZipFile("/app/reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(pathlib.Path(".").rglob("*.csv")):
        archive.write(path)
PY
