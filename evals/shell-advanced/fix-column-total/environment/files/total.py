"""Add up the numbers in a text, one number a line."""
import sys


def total(lines):
    """Return the sum of all lines that are a number.

    Numbers may be negative (-4) and may have decimals (2.5).
    Spaces around a number do not matter.
    Empty lines and lines with other text are skipped.
    """
    result = 0
    for line in lines:
        line = line.strip()
        if line.isdigit():
            result += int(line)
    return result


if __name__ == "__main__":
    print(total(sys.stdin))
