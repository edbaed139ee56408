from store import get_user, get_user_name


def show(number):
    # get_user returns None for unknown numbers
    if get_user(number) is None:
        return "404"
    return get_user_name(number)
