# LEAKS: a header is kept as a memoryview, and pins the packet it is part of.
# TYPES: bytes, memoryview, bytearray, managedbuffer, dict, list
import random

import pmtrace

headers = {}


def receive(rng, number):
    size = rng.randrange(1000, 3000)
    return b"HDR%08d" % number + bytes(size)  # LEAK


def handle(packet, number):
    view = memoryview(packet)  # LEAK
    header = view[:11]  # LEAK
    headers[number] = header  # LEAK
    checksum = 0
    for byte in packet[11:60]:
        checksum = (checksum * 31 + byte) & 0xFFFF
    return checksum


def main():
    rng = random.Random(5)
    checksum = 0
    for number in range(1500):
        if number == 250:
            pmtrace.mark("early")
        checksum ^= handle(receive(rng, number), number)
    pmtrace.mark("late")
    print(checksum)


main()
