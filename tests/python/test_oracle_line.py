"""Mode line against sys.settrace(): the same events in the same order in each
thread, with the same site, of nine programs; with opcodes too."""
# MODE: line

from recorder_support import finish
from oracle import event_programs, events

NAMES = ("line", "call", "return", "exception", "opcode")


def main():
    for program in [p.__name__ for p in event_programs.PROGRAMS]:
        print(program, events.compare("line", program, NAMES))
    for program in ("generators", "exceptions", "one_line"):
        print(program, events.compare("opcode", program, NAMES))
    finish()


main()
