# LEAKS: every latency is appended to the array of its endpoint, for
# percentiles; the arrays only grow.
# TYPES: array, array.array
import array
import random

import pmtrace

ENDPOINTS = ["/login", "/logout", "/list", "/item", "/pay"]


class Metrics:
    def __init__(self):
        self.values = {name: array.array("d") for name in ENDPOINTS}

    def record(self, endpoint, seconds):
        self.values[endpoint].append(seconds)  # LEAK

    def median(self, endpoint):
        last = sorted(self.values[endpoint][-50:])
        return last[len(last) // 2] if last else 0


def main():
    rng = random.Random(2)
    metrics = Metrics()
    answer = 0
    for number in range(60000):
        if number == 12000:
            pmtrace.mark("early")
        endpoint = ENDPOINTS[rng.randrange(5)]
        metrics.record(endpoint, rng.random())
        if number % 200 == 0:
            answer += metrics.median(endpoint)
    pmtrace.mark("late")
    print(answer)


main()
