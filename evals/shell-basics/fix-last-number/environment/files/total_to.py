def total(n):
    # sum of the whole numbers from 1 to n
    result = 0
    for i in range(1, n):
        result += i
    return result
