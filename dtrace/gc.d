#!/usr/sbin/dtrace -Cs
/*
 * gc.d - garbage collections of a Python process.
 *
 * Two lines a collection: when it starts and when it is done.
 *
 * USAGE: dtrace -C -s gc.d -p PID
 *        dtrace -C -s gc.d -c 'python3 app.py'
 *        dtrace ... | pmt dtrace convert - -o x.pmt
 *        pmt dtrace run --script gc -p PID -o x.pmt
 *
 * FIELDS, by tabs: TIME PID TID and
 *        gc-start GENERATION
 *        gc-done COLLECTED     objects
 * TIME is in ns on the monotonic clock. At the end @events: lines that were
 * printed, so that lost ones are known.
 *
 * NEEDS: DTrace; a Python that was configured with --with-dtrace (python3
 * -m sysconfig | grep WITH_DTRACE).
 *
 * EXAMPLE: examples/gc.d.txt
 */
#pragma D option quiet
#pragma D option bufsize=16m
#pragma D option dynvarsize=16m
#pragma D option switchrate=20

dtrace:::BEGIN
{
    printf("# pmt-dtrace 1 gc dtrace\n");
    printf("# clock %d %d.%09d\n", timestamp, walltimestamp / 1000000000,
        walltimestamp % 1000000000);
}

python$target:::gc-start
{
    printf("%d\t%d\t%d\tgc-start\t%d\n", timestamp, pid, tid, arg0);
    @events = count();
}

python$target:::gc-done
{
    printf("%d\t%d\t%d\tgc-done\t%d\n", timestamp, pid, tid, arg0);
    @events = count();
}

dtrace:::END
{
    printa("@events: %@d\n", @events);
    printf("# end\n");
}
