"""`records` of Recorder.stats() are those of the trace, also where the journal
holds what is no record: readings of the resident set, what a filter left out,
sizes that need a second entry."""
# MODE: alloc,call,line

import threading

import pmtrace
from recorder_support import Trace, check, equal, finish, path


def callee(n):
    return [bytearray(i) for i in range(n % 40)]


def work():
    for i in range(300):
        callee(i)
    callee(30).append(bytes(5 << 30))    # its pages are never touched


def counted(mode, kinds, **options):
    name = path("%s-%d.pmt" % (mode, len(options)))
    with pmtrace.Recorder(name, mode=mode, when_full="wait",
                          **options) as recorder:
        work()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    trace = Trace(name)
    records = sum(len(trace.of(kind)) for kind in kinds)
    check(records > 10, "%s: %d records" % (mode, records))
    equal(recorder.stats()["records"], records, "%s %s" % (mode, options))


def main():
    counted("call", ["call"], rss_us=1)
    counted("line", ["line"], rss_us=1, files="*stats_records*")
    counted("alloc", ["alloc"])
    counted("alloc", ["alloc"], files="*stats_records*")
    counted("alloc,call", ["alloc", "call"], rss_us=1)
    finish()


main()
