"""Errors are kept for a report, and with them their frames."""
errors = []


def convert(text):
    padding = text * 150  # LEAK
    return int(text) + len(padding)


def work(number):
    try:
        convert("x%d" % number)
    except ValueError as error:
        errors.append(error)
    return [str(n) for n in range(number % 5)]


for number in range(2500):
    work(number)
