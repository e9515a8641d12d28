# LEAKS: each view subscribes closures to a bus and never unsubscribes.
# TYPES: function, cell, tuple, list, dict, str, int
import collections

import pmtrace

bus = collections.defaultdict(list)


def publish(event, value):
    return sum(1 for callback in bus[event][-20:] if callback(value))


def open_view(number):
    rows = ["row %d of view %d" % (i, number) for i in range(8)]  # LEAK

    def on_change(value):  # LEAK
        return rows[value % len(rows)].endswith("7")

    bus["change"].append(on_change)  # LEAK
    return len(rows)


def main():
    shown = 0
    for number in range(3000):
        if number == 500:
            pmtrace.mark("early")
        shown += open_view(number)
        if number % 10 == 0:
            shown += publish("change", number)
    pmtrace.mark("late")
    print(shown)


main()
