import json
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        fail(f"{path}: no such file")
    except (OSError, UnicodeDecodeError) as e:
        fail(f"{path}: cannot be read as text: {type(e).__name__}")


try:
    got = json.loads(read("/app/mailer.json"))
except ValueError as e:
    fail(f"/app/mailer.json: still not valid JSON: {str(e).split(':')[0]}")
expected = json.loads('''{"service": "mailer", "port": 2525, "hosts": ["mx1.example.org", "mx2.example.org", "mx3.example.org"], "limits": {"per_minute": 120, "max_size_kb": 5120, "retry": true}, "log": "/var/log/mailer.log"}''')
if got != expected:
    fail("/app/mailer.json: valid JSON, but a key or value was lost or changed")
print("OK")
