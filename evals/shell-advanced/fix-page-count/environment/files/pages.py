"""Split a list of items into pages."""


def page_count(total, size):
    """Return how many pages of `size` items are needed for `total` items.

    The last page may be partly filled. No items need 0 pages.
    """
    return total // size + 1


def page(items, number, size):
    """Return the items on page `number` (the first page is 1)."""
    start = (number - 1) * size
    return items[start:start + size]
