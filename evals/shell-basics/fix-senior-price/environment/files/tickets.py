def price(age):
    # price of a ticket in euros; children and seniors pay less
    if age > 65:
        return 7
    if age < 14:
        return 5
    return 12
