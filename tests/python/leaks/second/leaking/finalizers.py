# LEAKS: weakref.finalize on an object that lives as long as the program, once
# for each temporary file name.
# TYPES: finalize, _Info, weakref, ReferenceType, tuple, str, dict
import random
import weakref

import pmtrace

removed = []


class Application:
    name = "app"


def remove(name):
    removed.append(name)


def export(app, number, rng):
    name = "/tmp/%s-%06d-%d.csv" % (app.name, number, rng.randrange(10 ** 9))  # LEAK
    weakref.finalize(app, remove, name)  # LEAK
    rows = [rng.random() for _ in range(20)]
    return ",".join("%.3f" % value for value in rows)


def main():
    rng = random.Random(1)
    app = Application()
    size = 0
    for number in range(3000):
        if number == 700:
            pmtrace.mark("early")
        size += len(export(app, number, rng))
    pmtrace.mark("late")
    print(size)


main()
