"""A buffer of C for each picture, which nobody gives back."""
import zlib

streams = []


def compress(data):
    stream = zlib.compressobj(1, zlib.DEFLATED, 9, 1)  # LEAK
    streams.append(stream)
    return stream.compress(data)


def work(number):
    return ("pixel %d " % number).encode() * 30


for number in range(700):
    compress(work(number))
