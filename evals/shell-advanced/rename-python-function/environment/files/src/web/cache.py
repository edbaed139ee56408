import store

_cached = {}


def forget_user(number):
    _cached.pop(number, None)


def lookup(number):
    if number not in _cached:
        _cached[number] = store.get_user(number)
    return _cached[number]
