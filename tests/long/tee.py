"""What a long test prints also goes to a file, a line at a time."""

import sys


class Tee:
    def __init__(self, path):
        self.file = open(path, "w")
        self.screen = sys.stdout

    def write(self, text):
        self.screen.write(text)
        self.file.write(text)

    def flush(self):
        self.screen.flush()
        self.file.flush()


def to(path):
    """From here on; None: to the screen alone."""
    if path:
        sys.stdout = Tee(path)
