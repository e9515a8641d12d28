# LEAKS: a namedtuple for each result set, kept by the query's text, which has
# the time in it.
# TYPES: type, function, dict, tuple, str, _tuplegetter, code, property, list, _collections._tuplegetter, staticmethod, classmethod, getset_descriptor, weakref, ReferenceType, method_descriptor, builtin_function_or_method
import collections

import pmtrace

row_types = {}


def row_type(query, columns):
    if query not in row_types:
        row_types[query] = collections.namedtuple("Row", columns)  # LEAK
    return row_types[query]


def run(number):
    query = "SELECT id, name FROM users WHERE seen > %d" % number  # LEAK
    Row = row_type(query, ["id", "name"])
    rows = [Row(i, "user%d" % i) for i in range(10)]
    return sum(row.id for row in rows)


def main():
    total = 0
    for number in range(700):
        if number == 120:
            pmtrace.mark("early")
        total += run(number)
    pmtrace.mark("late")
    print(total)


main()
