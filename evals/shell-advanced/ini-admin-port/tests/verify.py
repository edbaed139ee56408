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


got = read("/app/server.ini")
expected = '''; server settings, edited by hand
[web]
host = 0.0.0.0
port = 8000
workers = 4

[admin]
; only reachable from the office
host = 127.0.0.1
port = 9001
workers = 1

[metrics]
host = 127.0.0.1
port = 8000
path = /metrics
'''
if got.count("port = 8000") == 3:
    fail("/app/server.ini: the port was not changed")
if got.count("port = 9001") != 1:
    fail(f"/app/server.ini: expected one line 'port = 9001', found {got.count('port = 9001')}")
if got.rstrip() != expected.rstrip():
    fail("/app/server.ini: the wrong section was changed, or something else in the file was changed")
print("OK")
