"""One buffer of text that is only ever written."""
import io

trace = io.BytesIO()


def work(number):
    trace.write(b"step %d done, all is well\n" % number)  # LEAK
    return [str(n) for n in range(number % 9)]


for number in range(6000):
    work(number)
