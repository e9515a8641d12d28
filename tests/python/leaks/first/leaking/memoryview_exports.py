"""A small view of each packet keeps the whole packet."""
headers = []


def receive(number):
    return bytearray(b"%08d" % number + b"x" * 400)  # LEAK


def work(number):
    packet = receive(number)
    headers.append(memoryview(packet)[:8])
    return bytes(packet[:8])


for number in range(2500):
    work(number)
