/*
 * proc.h - what the system says of processes and of this machine.
 * proc-linux*.c read it from /proc and are the only files that do; proc-bsd.c
 * has the same for macOS and the BSDs. Knows nothing of Python.
 */
#ifndef REC_PROC_H
#define REC_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- this process and this machine ---------------------------------------- */

/* The boot's UUID, or zeros where it is not known. */
void rec_proc_boot_id(uint8_t id[16]);

/*
 * The arguments of this process: strings in `buffer`, pointers to them in
 * argv[0..max). Returns how many; those that do not fit are left out.
 */
size_t rec_proc_arguments(char *buffer, size_t cap, const char **argv,
                          size_t max);

/* The path of the program that runs, into buffer[cap]; empty if unknown. */
void rec_proc_executable(char *buffer, size_t cap);

/*
 * The resident set size of this process in pages, by a descriptor that is
 * kept open from rec_proc_rss_open() to rec_proc_rss_close(); it is opened
 * again when the program has closed it. 0: it can't be read. Not to be called
 * from two threads at once. Changes errno.
 */
void rec_proc_rss_open(void);
void rec_proc_rss_close(void);
uint64_t rec_proc_rss(void);

/* The same in bytes, by a file that is opened and closed again. Any thread.
 * Changes errno. */
uint64_t rec_proc_rss_once(void);

/* Closes every descriptor of the calling thread but `keep`. False: which
 * there are can't be read, and none was closed. Takes memory from malloc. */
bool rec_proc_close_all_but(int keep);

/* ---- figures of a process, by groups (spec 8.4) ---------------------------- */

/* What is read together costs together; docs/sample.md has the cost of each. */
enum rec_proc_group {
    REC_PROC_MEMORY = 1,       /* rss vms shared */
    REC_PROC_CPU = 2,          /* faults, processor time, threads, state, nice */
    REC_PROC_STATUS = 4,       /* rss_peak swap, switches of context */
    REC_PROC_PSS = 8,          /* pss uss swap_pss */
    REC_PROC_IO = 16,          /* bytes and calls read and written */
    REC_PROC_FILES = 32,       /* open files by kind */
    REC_PROC_NET = 64,         /* connections by state */
    REC_PROC_CGROUP = 128,     /* memory of the control group */
    REC_PROC_MAPS = 256,       /* mappings by rss and pss */
    REC_PROC_ALL_GROUPS = 511
};
#define REC_PROC_GROUPS 9

/* "memory", "cpu", ... in the order of the bits; ends with NULL. */
extern const char *const rec_proc_group_names[];

/* A figure; names and units have no control characters. */
struct rec_proc_figure {
    const char *name;          /* a constant, or borrowed from the reading */
    const char *unit;
    bool counter;              /* it only rises */
    int64_t value;
};

/* What is kept open of a process. */
enum rec_proc_file {
    REC_PROC_FILE_STAT,
    REC_PROC_FILE_STATM,
    REC_PROC_FILE_STATUS,
    REC_PROC_FILE_IO,
    REC_PROC_FILES_KEPT
};

/*
 * A process that is read again and again. Plain storage; after release it may
 * be made again. One thread at a time.
 */
struct rec_proc {
    pid_t pid;                 /* 0: the process that reads */
    unsigned groups;           /* wanted; the caller may change them */
    unsigned denied;           /* of these, the ones that may not be read */
    int why[REC_PROC_GROUPS];  /* errno of each that is denied */
    bool keep;                 /* files are kept open from look to look */
    int fds[REC_PROC_FILES_KEPT]; /* -1: not open */
    /* What the last look told besides figures (group cpu), 0 before. */
    uint64_t started_ns;       /* since the system's start */
    pid_t parent;
    uint64_t image;            /* differs when it runs another program; 0 where
                                * it may not be known */
    char name[64];             /* short; the system may cut it */
    char state;                /* 'R', 'S', ... */
};

/* What one look at a process gives. Some 10 KiB; plain storage, the caller's. */
#define REC_PROC_FIGURES_MAX 96
struct rec_proc_reading {
    size_t count;
    struct rec_proc_figure figures[REC_PROC_FIGURES_MAX];
    char text[8192];           /* work space, and names */
};

/* `keep`: some descriptors are held, for speed; else files are opened and
 * closed at each look, for a process whose descriptors are another's. */
void rec_proc_init(struct rec_proc *p, pid_t pid, unsigned groups, bool keep);
/* Closes what is open. */
void rec_proc_release(struct rec_proc *p);

/*
 * All groups that are wanted but maps, into `out`; group cpu comes with
 * whatever is asked for if the process is another. What may not be read is
 * noted in p->denied and not tried again; what is not to be had is left out.
 * A process that ended and is not yet waited for (state Z) has no memory: 0.
 * Returns 0, or ESRCH: the process is gone (its pid may be another's).
 * Takes memory from malloc for groups files, net and cgroup only. Changes
 * errno.
 */
int rec_proc_read(struct rec_proc *p, struct rec_proc_reading *out);

/*
 * Group maps: calls `take` for each figure map_rss:NAME and map_pss:NAME,
 * greatest first, at most `max` names of which the last is "[other]". Returns
 * 0, ESRCH, EACCES or ENOMEM.
 */
typedef void rec_proc_take(void *to, const struct rec_proc_figure *figure);
int rec_proc_read_maps(struct rec_proc *p, size_t max, rec_proc_take *take,
                       void *to);

/* Between looks: what is read once for several processes (sockets) is read
 * anew for the next. Any thread's own. */
void rec_proc_begin_look(void);
/* After the last look of a thread: gives back what was kept for the next. */
void rec_proc_end_look(void);

/* ---- which processes there are --------------------------------------------- */

/* What stays the same while a process runs one program. */
struct rec_proc_about {
    pid_t parent;              /* 0: not known */
    uint64_t started_ns;       /* since the system's start; 0: not known */
    uint64_t image;            /* as in rec_proc */
    char executable[4096];     /* empty: not known */
    char name[64];
    char argv[8192];           /* strings, each ended by a zero */
    size_t argv_bytes, argc;   /* those that do not fit are cut */
};
/* How a process that has ended, but that nobody has waited for yet, ended:
 * true, and its wait status, where that may be seen. */
bool rec_proc_zombie_status(pid_t pid, int *status);

/* 0 or ESRCH. Never its environment. */
int rec_proc_about(pid_t pid, struct rec_proc_about *out);

/* The parent and the start of a process: 0 or ESRCH. Cheap. */
int rec_proc_origin(pid_t pid, pid_t *parent, uint64_t *started_ns);

/* The children of `pid` now, at most `max`, into `out`; returns how many, or
 * -1 where the system does not tell. */
ssize_t rec_proc_children(pid_t pid, pid_t *out, size_t max);

/* The ids of all processes, at most `max`, rising; returns how many, or -1.
 * And the id that was given last, or 0 where the system does not tell: while
 * it stays the same no process was made. */
ssize_t rec_proc_all(pid_t *out, size_t max);
/* True where `pid` is a process and not a thread of one. */
bool rec_proc_is_process(pid_t pid);
pid_t rec_proc_last_pid(void);

#endif
