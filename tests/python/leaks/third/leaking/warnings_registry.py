# LEAKS: each warning has a number in its text, and the module's registry keeps
# every text once.
# TYPES: tuple, str, UserWarning, dict
import io
import sys
import warnings

import pmtrace


def price(item, number):
    if item < 3:
        warnings.warn("item %d of order %d has no price" % (item, number))  # LEAK
        return 0
    return item * 17 % 40


def main():
    sys.stderr = io.StringIO()
    total = 0
    for number in range(1500):
        if number == 300:
            pmtrace.mark("early")
        total += sum(price(item, number) for item in range(8))
        if number % 50 == 0:
            sys.stderr.seek(0)
            sys.stderr.truncate()
    pmtrace.mark("late")
    sys.stderr = sys.__stderr__
    print(total)


main()
