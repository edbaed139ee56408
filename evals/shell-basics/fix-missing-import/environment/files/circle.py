import sys


def area(radius):
    return math.pi * radius ** 2


print(f"area {area(float(sys.argv[1])):.2f}")
