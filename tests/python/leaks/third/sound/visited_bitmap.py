# SOUND: a bitmap that doubles when a larger number comes, up to a largest.
import random

import pmtrace


class Bitmap:
    def __init__(self):
        self.bits = bytearray(16)

    def add(self, number):
        while number // 8 >= len(self.bits):
            self.bits = self.bits + bytes(len(self.bits))
        known = self.bits[number // 8] >> number % 8 & 1
        self.bits[number // 8] |= 1 << number % 8
        return not known


def main():
    rng = random.Random(2)
    seen = Bitmap()
    new = 0
    for number in range(20000):
        if number == 4000:
            pmtrace.mark("early")
        largest = min(8 + number * 60, 300000)
        new += seen.add(rng.randrange(largest))
        str(number).zfill(12)
    pmtrace.mark("late")
    print(new)


main()
