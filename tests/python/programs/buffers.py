"""Bytes: buffers that are resized, arrays, views, compressed data."""
import array
import zlib


def noise(length, seed=7):
    out = bytearray()
    while len(out) < length:
        seed = (seed * 69069 + 1) % 4294967296
        out += seed.to_bytes(4, "little")
    return out


def run():
    buffers = [noise(length) for length in range(10, 700, 30)]
    yield
    numbers = array.array("d", range(2000))
    packed = [zlib.compress(bytes(each)) for each in buffers]
    for each in buffers[::2]:
        del each[len(each) // 3:]
    yield
    views = [memoryview(each) for each in packed]
    numbers.extend(range(500))
    buffers = None
    yield views
