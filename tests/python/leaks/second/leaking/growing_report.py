# LEAKS: one string to which each request adds a line.
# TYPES: str
import pmtrace


class Report:
    def __init__(self):
        self.text = ""

    def add(self, number, status):
        line = "request %05d: %d\n" % (number, status)
        self.text = self.text + line  # LEAK


def handle(number):
    numbers = [n * n % 7 for n in range(number % 20)]
    return 500 if sum(numbers) % 9 == 5 else 200


def main():
    report = Report()
    good = 0
    for number in range(5000):
        if number == 1000:
            pmtrace.mark("early")
        status = handle(number)
        good += status == 200
        report.add(number, status)
    pmtrace.mark("late")
    print(good, len(report.text))


main()
