#!/usr/sbin/dtrace -Cs
/*
 * flow.d - calls and returns of Python functions, with the resident set size.
 *
 * A line when a function is entered and one when it is left; of a generator
 * also where it goes on and where it yields.
 *
 * USAGE: dtrace -C -s flow.d -p PID
 *        dtrace -C -s flow.d -c 'python3 app.py'
 *        dtrace ... | pmt dtrace convert - -o x.pmt
 *        pmt dtrace run --script flow -p PID -o x.pmt
 *
 *        -D RSS_FILE=N -D RSS_ANON=N -D RSS_SHARED=N     bytes that the process
 *                has when tracing begins (/proc/PID/status); `pmt dtrace run`
 *                gives them. Without them RSS is known when each of the three
 *                has changed.
 *
 * FIELDS, by tabs: TIME PID TID and
 *        call RSS LINE FUNCTION FILE
 *        return RSS LINE FUNCTION FILE
 * TIME is in ns on the monotonic clock; RSS is the resident set size in bytes,
 * - where it is not known. It is what the kernel last told of a change
 * (tracepoint kmem:rss_stat). At the end @events: lines that were
 * printed, so that lost ones are known.
 *
 * NEEDS: DTrace; a Python that was configured with --with-dtrace (python3
 * -m sysconfig | grep WITH_DTRACE).
 *
 * EXAMPLE: examples/flow.d.txt
 */
#pragma D option quiet
#pragma D option bufsize=16m
#pragma D option dynvarsize=16m
#pragma D option switchrate=20

#ifdef RSS_FILE
#define KNOWN_FILE 1
#else
#define RSS_FILE 0
#define KNOWN_FILE 0
#endif

#ifdef RSS_ANON
#define KNOWN_ANON 1
#else
#define RSS_ANON 0
#define KNOWN_ANON 0
#endif

#ifdef RSS_SHARED
#define KNOWN_SHARED 1
#else
#define RSS_SHARED 0
#define KNOWN_SHARED 0
#endif

dtrace:::BEGIN
{
    rss_file = (int64_t)RSS_FILE;
    known_file = KNOWN_FILE;
    rss_anon = (int64_t)RSS_ANON;
    known_anon = KNOWN_ANON;
    rss_shared = (int64_t)RSS_SHARED;
    known_shared = KNOWN_SHARED;
    printf("# pmt-dtrace 1 flow dtrace\n");
    printf("# clock %d %d.%09d\n", timestamp, walltimestamp / 1000000000,
        walltimestamp % 1000000000);
}

/* mm_id, curr, member, size: 0 pages of files, 1 its own, 3 shared. */
sdt:kmem::rss_stat
/pid == $target && arg1 && arg2 == 0/
{
    rss_file = arg3;
    known_file = 1;
}

sdt:kmem::rss_stat
/pid == $target && arg1 && arg2 == 1/
{
    rss_anon = arg3;
    known_anon = 1;
}

sdt:kmem::rss_stat
/pid == $target && arg1 && arg2 == 3/
{
    rss_shared = arg3;
    known_shared = 1;
}

/* CPython 3.11 tells of function-entry only where line is watched too. */
python$target:::line
{
    self->line = arg2;
}

python$target:::function-entry
/known_file && known_anon && known_shared/
{
    printf("%d\t%d\t%d\tcall\t%d\t%d\t%s\t%s\n", timestamp, pid, tid,
        rss_file + rss_anon + rss_shared, arg2, copyinstr(arg1),
        copyinstr(arg0));
    @events = count();
}

python$target:::function-entry
/!known_file || !known_anon || !known_shared/
{
    printf("%d\t%d\t%d\tcall\t-\t%d\t%s\t%s\n", timestamp, pid, tid, arg2,
        copyinstr(arg1), copyinstr(arg0));
    @events = count();
}

python$target:::function-return
/known_file && known_anon && known_shared/
{
    printf("%d\t%d\t%d\treturn\t%d\t%d\t%s\t%s\n", timestamp, pid, tid,
        rss_file + rss_anon + rss_shared, arg2, copyinstr(arg1),
        copyinstr(arg0));
    @events = count();
}

python$target:::function-return
/!known_file || !known_anon || !known_shared/
{
    printf("%d\t%d\t%d\treturn\t-\t%d\t%s\t%s\n", timestamp, pid, tid, arg2,
        copyinstr(arg1), copyinstr(arg0));
    @events = count();
}

dtrace:::END
{
    printa("@events: %@d\n", @events);
    printf("# end\n");
}
