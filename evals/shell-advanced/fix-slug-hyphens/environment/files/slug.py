"""Make names for web pages out of titles."""


def slugify(title):
    """Return the title as a slug.

    Letters a-z (in lower case) and digits are kept. Every run of other
    characters becomes ONE hyphen. A slug has no hyphen at its start or end.
    """
    out = ""
    for char in title.lower():
        if char.isascii() and char.isalnum():
            out += char
        else:
            out += "-"
    return out
