/*
 * proc-bsd.c - figures of processes (proc.h) on macOS and FreeBSD, written
 * from their documentation: proc_pidinfo (libproc.h, sys/proc_info.h) and
 * kinfo_proc by sysctl(3) (sys/user.h). UNTESTED: compiled out everywhere but
 * there, where the rest of the sampler (epoll, timerfd) is lacking still. It
 * has what mode `sample` needs: groups memory and cpu; nothing else is read.
 */
#if defined(__APPLE__) || defined(__FreeBSD__)

#include "proc.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <libproc.h>
#include <mach/mach_time.h>
#include <sys/proc_info.h>
#else
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#endif

static void add(struct rec_proc_reading *out, const char *name,
                const char *unit, bool counter, int64_t value)
{
    out->figures[out->count++] = (struct rec_proc_figure){
        .name = name, .unit = unit, .counter = counter, .value = value};
}

void rec_proc_init(struct rec_proc *p, pid_t pid, unsigned groups, bool keep)
{
    memset(p, 0, sizeof *p);
    p->pid = pid;
    p->groups = groups;
    p->keep = keep;
    for (int i = 0; i < REC_PROC_FILES_KEPT; i++)
        p->fds[i] = -1;
}

void rec_proc_release(struct rec_proc *p)
{
    (void)p; /* nothing is kept open */
}

void rec_proc_begin_look(void)
{
}

void rec_proc_end_look(void)
{
}

#ifdef __APPLE__

/* Mach's units of time in ns. */
static int64_t mach_ns(uint64_t units)
{
    mach_timebase_info_data_t base;

    mach_timebase_info(&base);
    return (int64_t)(units * base.numer / base.denom);
}

int rec_proc_read(struct rec_proc *p, struct rec_proc_reading *out)
{
    struct proc_taskinfo task;
    pid_t pid = p->pid != 0 ? p->pid : getpid();

    out->count = 0;
    if (proc_pidinfo(pid, PROC_PIDTASKINFO, 0, &task, sizeof task) !=
        (int)sizeof task) {
        if (errno == ESRCH)
            return ESRCH;
        p->denied |= p->groups & (REC_PROC_MEMORY | REC_PROC_CPU);
        p->why[0] = p->why[1] = errno;
        return 0;
    }
    if (p->groups & REC_PROC_CPU) {
        /* pti_faults counts both kinds; pti_pageins those with a read. */
        add(out, "minor_faults", "count", true,
            (int64_t)task.pti_faults - task.pti_pageins);
        add(out, "major_faults", "count", true, task.pti_pageins);
        add(out, "cpu_user", "ns", true, mach_ns(task.pti_total_user));
        add(out, "cpu_system", "ns", true, mach_ns(task.pti_total_system));
        add(out, "threads", "count", false, task.pti_threadnum);
    }
    if (p->groups & REC_PROC_MEMORY) {
        add(out, "rss", "bytes", false, (int64_t)task.pti_resident_size);
        add(out, "vms", "bytes", false, (int64_t)task.pti_virtual_size);
    }
    return 0;
}

#else

int rec_proc_read(struct rec_proc *p, struct rec_proc_reading *out)
{
    pid_t pid = p->pid != 0 ? p->pid : getpid();
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
    struct kinfo_proc k;
    size_t bytes = sizeof k;

    out->count = 0;
    if (sysctl(name, 4, &k, &bytes, NULL, 0) != 0 || bytes != sizeof k)
        return ESRCH;
    p->parent = k.ki_ppid;
    if (p->groups & REC_PROC_CPU) {
        const struct rusage *u = &k.ki_rusage;

        add(out, "minor_faults", "count", true, u->ru_minflt);
        add(out, "major_faults", "count", true, u->ru_majflt);
        add(out, "cpu_user", "ns", true,
            u->ru_utime.tv_sec * INT64_C(1000000000) +
                u->ru_utime.tv_usec * 1000);
        add(out, "cpu_system", "ns", true,
            u->ru_stime.tv_sec * INT64_C(1000000000) +
                u->ru_stime.tv_usec * 1000);
        add(out, "threads", "count", false, k.ki_numthreads);
        add(out, "nice", "count", false, k.ki_nice);
    }
    if (p->groups & REC_PROC_MEMORY) {
        add(out, "rss", "bytes", false,
            (int64_t)k.ki_rssize * sysconf(_SC_PAGESIZE));
        add(out, "vms", "bytes", false, (int64_t)k.ki_size);
    }
    return 0;
}

#endif

#else
typedef int rec_proc_bsd_is_not_for_this_system;
#endif
