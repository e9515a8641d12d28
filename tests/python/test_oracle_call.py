"""Mode call against sys.setprofile(): the same events in the same order in
each thread, with the same site, line and C function, of nine programs. And
what sys.setprofile() does not tell apart, against a list made by hand."""
# MODE: call

from recorder_support import finish
from oracle import event_programs, events

NAMES = ("call", "return", "c_call", "c_return", "c_exception", "call",
         "return", "return", "call")


def main():
    for program in [p.__name__ for p in event_programs.PROGRAMS]:
        print(program, events.compare("call", program, NAMES))
    finish()


main()
