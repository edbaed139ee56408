# todo later
X = 2
