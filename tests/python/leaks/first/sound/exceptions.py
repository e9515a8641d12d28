"""Errors that are caught and forgotten."""
def parse(text):
    padding = text * 10
    return int(text) + len(padding)


failed = 0
for number in range(5000):
    try:
        parse("x%d" % number)
    except ValueError:
        failed += 1
