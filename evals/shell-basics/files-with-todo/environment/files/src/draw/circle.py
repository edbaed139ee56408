def circle():
    return 3
