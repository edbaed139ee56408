def line():
    pass  # TODO
