# SOUND: a log of lines in memory, of which the last two files are kept.
import random

import pmtrace


class Log:
    def __init__(self, limit, keep):
        self.limit = limit
        self.keep = keep
        self.files = [[]]

    def write(self, line):
        self.files[-1].append(line)
        if len(self.files[-1]) >= self.limit:
            self.files.append([])
            del self.files[:-self.keep]


def main():
    rng = random.Random(5)
    log = Log(1500, 2)
    for number in range(11000):
        if number == 2000:
            pmtrace.mark("early")
        log.write("%d %s %s" % (number, rng.choice(("INFO", "WARN")),
                                "x" * rng.randrange(60)))
    pmtrace.mark("late")
    print(sum(map(len, log.files)))


main()
