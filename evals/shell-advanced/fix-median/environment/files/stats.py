"""Small statistics helpers."""


def median(values):
    """Return the median of a list of numbers.

    For an even number of values it is the mean of the two middle ones.
    The list itself is not changed. An empty list raises ValueError.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle]


def spread(values):
    """Return the difference of the largest and the smallest value."""
    return max(values) - min(values)
