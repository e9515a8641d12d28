"""Buffers for a C library are kept for calls that are over."""
import ctypes

buffers = []


def call(number):
    buffer = ctypes.create_string_buffer(300)  # LEAK
    buffer.value = b"call %d" % number
    buffers.append(buffer)
    return buffer.value


for number in range(2500):
    call(number).split()
