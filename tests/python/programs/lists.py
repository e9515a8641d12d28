"""Lists that grow, shrink and hold each other."""


def table(rows, columns):
    return [[row * column for column in range(columns)]
            for row in range(1000, 1000 + rows)]


def run():
    first = table(60, 40)
    yield
    second = table(40, 50)
    del first[10:30]
    first.extend([number] * 3 for number in range(5000, 5040))
    yield
    second[:] = []
    first.append(table(5, 5))
    yield
