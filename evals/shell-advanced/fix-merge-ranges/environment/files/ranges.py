"""Work with lists of [start, end] ranges of whole numbers."""


def merge(ranges):
    """Join ranges that overlap or share an end point; return them sorted.

    The ranges may come in any order. The argument is not changed.
    """
    merged = []
    for start, end in sorted(ranges):
        if merged and start < merged[-1][1]:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    return merged


def covered(ranges):
    """Return the total length of the merged ranges."""
    return sum(end - start for start, end in merge(ranges))
