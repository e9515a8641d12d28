"""A table is loaded at first, and then only read."""
table = {n: ["name %d" % n, n * 2] for n in range(4000)}


def look_up(number):
    name, value = table[number % 4000]
    return name.upper() + str(value)


for number in range(15000):
    look_up(number)
