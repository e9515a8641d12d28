# LEAKS: a logger for each request; the logging module keeps them all.
# TYPES: Logger, PlaceHolder, dict, list, str
import io
import logging

import pmtrace

out = io.StringIO()
logging.basicConfig(stream=out, level=logging.INFO)


class Request:
    def __init__(self, number):
        self.number = number
        self.path = "/item/%d" % (number % 97)
        self.log = logging.getLogger("app.request.%d" % number)  # LEAK

    def run(self):
        self.log.info("GET %s", self.path)
        parts = self.path.split("/")
        answer = {"id": int(parts[2]), "name": parts[1] * 3}
        self.log.info("done %s", sorted(answer))
        return answer


def main():
    served = 0
    for number in range(2000):
        if number == 300:
            pmtrace.mark("early")
        served += len(Request(number).run())
        if out.tell() > 20000:
            out.seek(0)
            out.truncate()
    pmtrace.mark("late")
    print(served)


main()
