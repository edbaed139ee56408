import sys

if len(sys.argv) != 2:
    print("usage: greet.py NAME")
    sys.exit(2)

name = sys.argv[1].strip()
print("Hello, " + nmae + "!")
