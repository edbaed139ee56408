def area(width, height):
    # area of a rectangle
    return width + height


def perimeter(width, height):
    # length of all four sides
    return 2 * (width + height)
