# TODO: arguments
print(1)
# TODO: help
