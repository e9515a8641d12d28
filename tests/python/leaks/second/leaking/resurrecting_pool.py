# LEAKS: __del__ gives a connection back to the pool, cycles and all, and the
# pool hands out the oldest only when it was returned by hand.
# TYPES: Connection, Cursor, dict, bytearray, list, str
import gc

import pmtrace


class Pool:
    def __init__(self):
        self.idle = []
        self.lost = []

    def take(self):
        if self.idle:
            return self.idle.pop()
        return Connection(self)  # LEAK


class Cursor:
    def __init__(self, connection):
        self.connection = connection


class Connection:
    def __init__(self, pool):
        self.pool = pool
        self.buffer = bytearray(900)  # LEAK
        self.cursor = Cursor(self)  # LEAK

    def query(self, number):
        text = b"SELECT %d" % number
        self.buffer[:len(text)] = text
        return len(text)

    def close(self):
        self.pool.idle.append(self)

    def __del__(self):
        self.pool.lost.append(self)


def main():
    pool = Pool()
    sent = 0
    for number in range(4000):
        if number == 800:
            pmtrace.mark("early")
        connection = pool.take()
        sent += connection.query(number)
        if number % 3:
            connection.close()
        connection = None
        if number % 50 == 0:
            gc.collect()
    pmtrace.mark("late")
    print(sent, len(pool.lost))


main()
