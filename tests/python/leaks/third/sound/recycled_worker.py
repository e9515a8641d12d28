# SOUND: a worker whose memory grows is replaced by a new one after a number
# of requests.
import random

import pmtrace


class Worker:
    def __init__(self):
        self.seen = {}
        self.served = 0

    def serve(self, number):
        self.served += 1
        self.seen[number] = "request %d of this worker" % self.served
        return len(self.seen[number])


def main():
    rng = random.Random(7)
    worker = Worker()
    limit = 2000
    size = 0
    for number in range(11000):
        if number == 2500:
            pmtrace.mark("early")
        if worker.served >= limit:
            worker = Worker()
            limit = 2000 + rng.randrange(-300, 300)
        size += worker.serve(number)
    pmtrace.mark("late")
    print(size)


main()
