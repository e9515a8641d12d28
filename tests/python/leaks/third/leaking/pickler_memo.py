# LEAKS: one Pickler for all messages of a connection remembers each object it
# ever wrote.
# TYPES: dict, str, list, float, int, tuple
import io
import pickle

import pmtrace


class Connection:
    def __init__(self):
        self.out = io.BytesIO()
        self.pickler = pickle.Pickler(self.out, 4)

    def send(self, message):
        self.pickler.dump(message)  # LEAK
        size = self.out.tell()
        self.out.seek(0)
        self.out.truncate()
        return size


def message(number):
    return {"number": number, "name": "sensor %d" % number,  # LEAK
            "values": [number * 0.5 + i for i in range(5)]}  # LEAK


def main():
    connection = Connection()
    sent = 0
    for number in range(4000):
        if number == 800:
            pmtrace.mark("early")
        sent += connection.send(message(number))
    pmtrace.mark("late")
    print(sent)


main()
