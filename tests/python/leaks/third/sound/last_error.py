# SOUND: only the last error is kept, with its traceback.
import pmtrace


class Service:
    def __init__(self):
        self.last_error = None
        self.errors = 0

    def handle(self, number):
        fields = ("a=%d&b=%d&c=%s" % (number, number * 2,
                                      "x" if number % 3 == 0 else 1)).split("&")
        return sum(int(field.split("=")[1]) for field in fields)

    def serve(self, number):
        try:
            return self.handle(number)
        except ValueError as error:
            self.last_error = error
            self.errors += 1
            return 0


def main():
    service = Service()
    total = 0
    for number in range(8000):
        if number == 1600:
            pmtrace.mark("early")
        total += service.serve(number)
    pmtrace.mark("late")
    print(total, service.errors)


main()
