# LEAKS: the errors that a job met are kept for a report, and with each its
# traceback, whose frames keep what the job had read.
# TYPES: traceback, frame, ValueError, list, str, tuple, int, dict
import pmtrace

errors = []


def parse(lines):
    fields = []
    for line in lines:
        fields.append([int(part) for part in line.split(",")])  # LEAK
    return fields


def job(number):
    lines = ["%d,%d,%d" % (number, i, i * number + 1000)  # LEAK
             for i in range(40)]  # LEAK
    if number % 4 == 0:
        lines.append("broken,line")
    return len(parse(lines))


def main():
    good = 0
    for number in range(1600):
        if number == 300:
            pmtrace.mark("early")
        try:
            good += job(number)
        except ValueError as error:
            errors.append((number, error))  # LEAK
    pmtrace.mark("late")
    print(good, len(errors))


main()
