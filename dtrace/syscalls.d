#!/usr/sbin/dtrace -Cs
/*
 * syscalls.d - calls and returns of Python functions, and system calls.
 *
 * A line when a function or a system call is entered and one when it is left.
 *
 * USAGE: dtrace -C -I . -s syscalls.d -p PID
 *        dtrace -C -I . -s syscalls.d -c 'python3 app.py'
 *        dtrace ... | pmt dtrace convert - -o x.pmt
 *        pmt dtrace run --script syscalls -p PID -o x.pmt
 *
 * FIELDS, by tabs: TIME PID TID and
 *        call - LINE FUNCTION FILE       a Python function is entered
 *        return - LINE FUNCTION FILE     and left
 *        syscall NAME LINE FUNCTION FILE   a system call is entered
 *        sysret NAME LINE FUNCTION FILE    and left
 * TIME is in ns on the monotonic clock. The site of a system call is the
 * Python line that made it; 0 and two empty fields: none, or not seen yet. At the end @events: lines that were
 * printed, so that lost ones are known.
 *
 * NEEDS: DTrace; a Python that was configured with --with-dtrace (python3
 * -m sysconfig | grep WITH_DTRACE).
 *
 * EXAMPLE: examples/syscalls.d.txt
 */
#pragma D option quiet
#pragma D option bufsize=16m
#pragma D option dynvarsize=16m
#pragma D option switchrate=20

#include "site.inc"

dtrace:::BEGIN
{
    printf("# pmt-dtrace 1 syscalls dtrace\n");
    printf("# clock %d %d.%09d\n", timestamp, walltimestamp / 1000000000,
        walltimestamp % 1000000000);
}

python$target:::function-entry
{
    printf("%d\t%d\t%d\tcall\t-\t%d\t%s\t%s\n", timestamp, pid, tid, arg2,
        copyinstr(arg1), copyinstr(arg0));
    @events = count();
}

python$target:::function-return
{
    printf("%d\t%d\t%d\treturn\t-\t%d\t%s\t%s\n", timestamp, pid, tid, arg2,
        copyinstr(arg1), copyinstr(arg0));
    @events = count();
}

syscall:::entry
/pid == $target/
{
    printf("%d\t%d\t%d\tsyscall\t%s\t", timestamp, pid, tid, probefunc);
    PRINT_SITE;
    @events = count();
}

syscall:::return
/pid == $target/
{
    printf("%d\t%d\t%d\tsysret\t%s\t", timestamp, pid, tid, probefunc);
    PRINT_SITE;
    @events = count();
}

dtrace:::END
{
    printa("@events: %@d\n", @events);
    printf("# end\n");
}
