"""Read durations such as 1h30m."""

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def seconds(text):
    """Return the seconds of a duration such as "45s", "1h30m" or "2d12h".

    A number without a unit, a unit without a number, another character
    or an empty text raises ValueError.
    """
    if not text or text[-1].isdigit():
        raise ValueError("the unit is missing")
    total = 0
    number = ""
    for char in text:
        if char.isdigit():
            number += char
        elif char in UNITS and number:
            total += int(number) * UNITS[char]
        else:
            raise ValueError("unexpected " + char)
    return total
