# LEAKS: every job registers its own clean-up with atexit.
# TYPES: tuple, dict, str, list, int, method, Workspace, partial
import atexit

import pmtrace


class Workspace:
    def __init__(self, number):
        self.number = number
        self.files = ["part-%d-%d" % (number, i) for i in range(5)]  # LEAK

    def clean(self, quiet=True):
        self.files.clear()


def job(number):
    workspace = Workspace(number)  # LEAK
    atexit.register(workspace.clean, quiet=True)  # LEAK
    data = {name: len(name) ** 2 for name in workspace.files}
    return sum(data.values())


def main():
    total = 0
    for number in range(4000):
        if number == 900:
            pmtrace.mark("early")
        total += job(number)
    pmtrace.mark("late")
    print(total)


main()
