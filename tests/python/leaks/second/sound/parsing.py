# SOUND: log lines are parsed; the library's caches of patterns and formats
# fill.
import datetime
import json
import re

import pmtrace

LINE = '10.0.0.%d - [%s] "GET /p/%d HTTP/1.1" 200 %d'


def parse(line, number):
    found = re.match(r'(\S+) - \[([^]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+)',
                     line)
    when = datetime.datetime.strptime(found.group(2), "%d/%b/%Y:%H:%M:%S")
    extra = re.search("p/%d" % (number % 80), line)
    return json.dumps({"when": when.isoformat(), "path": found.group(4),
                       "bytes": int(found.group(6)), "p": bool(extra)})


def main():
    size = 0
    begin = datetime.datetime(2024, 2, 28, 23)
    for number in range(2500):
        if number == 400:
            pmtrace.mark("early")
        when = begin + datetime.timedelta(seconds=number)
        line = LINE % (number % 256, when.strftime("%d/%b/%Y:%H:%M:%S"),
                       number % 100, number * 11)
        size += len(parse(line, number))
    pmtrace.mark("late")
    print(size)


main()
