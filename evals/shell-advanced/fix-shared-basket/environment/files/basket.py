"""A shopping basket kept in a list."""


def add_item(name, count=1, basket=[]):
    """Put `name` into the basket `count` times and return the basket.

    Without a basket a new one is started. A basket that is passed in,
    even an empty one, is extended and returned itself.
    """
    for _ in range(count):
        basket.append(name)
    return basket


def summary(basket):
    """Return a dict from item name to the number of times it is in the basket."""
    counts = {}
    for name in basket:
        counts[name] = counts.get(name, 0) + 1
    return counts
