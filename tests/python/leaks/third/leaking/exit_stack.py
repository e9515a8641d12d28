# LEAKS: requests push their clean-up on the application's ExitStack, which is
# closed when the application ends.
# TYPES: tuple, method, MethodType, function, dict, Response, list, cell, str
import contextlib

import pmtrace


class Response:
    def __init__(self, number):
        self.lines = ["line %d" % (number + i) for i in range(6)]  # LEAK

    def close(self):
        self.lines.clear()


def handle(stack, number):
    response = Response(number)  # LEAK
    stack.callback(response.close)  # LEAK
    return len("\n".join(response.lines))


def main():
    size = 0
    with contextlib.ExitStack() as stack:
        for number in range(4000):
            if number == 700:
                pmtrace.mark("early")
            size += handle(stack, number)
        pmtrace.mark("late")
    print(size)


main()
