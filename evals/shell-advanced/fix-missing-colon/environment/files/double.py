import sys


def double(n)
    return n + n


print(double(int(sys.argv[1])))
