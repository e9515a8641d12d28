"""What the tests of the scripts watch: Python lines and C functions that
allocate, the same at each run. Writes its pid to the file it is given, waits
for a line on standard input, works between two marks, and ends.
"""
import ctypes
import gc
import os
import sys
import threading

BEGIN, END = 7654321, 7654323  # sizes of the marks

libc = ctypes.CDLL(None)
for name in ("malloc", "calloc", "realloc", "aligned_alloc"):
    getattr(libc, name).restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]


class Row:
    def __init__(self, size):
        self.data = bytearray(size)


def make(n):
    return [Row(700 + i) for i in range(n)]


def grow():
    data = bytearray(3000)
    for _ in range(5):
        data.extend(b"x" * 5000)
    return data


def call_c():
    where = ctypes.c_void_p()
    a = libc.malloc(1111)
    b = libc.calloc(3, 1112)
    c = libc.realloc(None, 1113)
    c = libc.realloc(c, 111300)
    libc.posix_memalign(ctypes.byref(where), 64, 1114)
    d = libc.aligned_alloc(64, 1152)
    libc.free(None)
    libc.realloc(a, 0)
    for block in (b, c, where.value, d):
        libc.free(block)
    kept.append(libc.malloc(1115))


def generate():
    for i in range(3):
        yield bytearray(2000 + i)


def work():
    rows = make(20)
    data = grow()
    call_c()
    for piece in generate():
        data += piece
    del rows[:10]
    gc.collect()
    os.getppid()
    return rows, data


kept = []


def main():
    work()  # what is made once is made
    with open(sys.argv[1], "w") as file:
        file.write(str(os.getpid()))
    sys.stdin.readline()
    libc.free(libc.malloc(BEGIN))
    kept.append(work())
    if "threads" in sys.argv:
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
            thread.join()
    libc.free(libc.malloc(END))


main()
