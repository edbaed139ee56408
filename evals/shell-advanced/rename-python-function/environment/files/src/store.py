"""In-memory store."""

USERS = {1: "Ada", 2: "Linus"}


def get_user(number):
    return USERS.get(number)


def get_user_name(number):
    user = get_user(number)
    return user or "unknown"
