import sys

for number, line in enumerate(sys.stdin, 1):
    name = line.strip()
    print(f"{number}. {name[::-1].lower()} gets seat {sum(map(ord, name)) % 90}")
