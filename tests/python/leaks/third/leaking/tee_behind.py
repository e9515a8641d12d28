# LEAKS: a stream is split for statistics, which nobody reads on.
# TYPES: dict, str, tuple, int, teedataobject, itertools._tee_dataobject, float, _tee_dataobject
import itertools

import pmtrace


def readings(count):
    for number in range(count):
        if number == 900:
            pmtrace.mark("early")
        yield {"number": number, "celsius": number * 7 % 30 + 0.5}  # LEAK


def main():
    alarms, statistics = itertools.tee(readings(6000))
    next(statistics)
    hot = 0
    for reading in alarms:  # LEAK
        text = "%(number)d %(celsius).1f" % reading
        if text.endswith("29.5"):
            hot += 1
    pmtrace.mark("late")
    print(hot, next(statistics)["number"])


main()
