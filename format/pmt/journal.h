/*
 * journal.h - the shared file mapping in which a recorder leaves its records
 * until they are in the trace, and from which they are taken after any death
 * of the process.
 *
 * A journal lives beside its trace as `TRACE.journal`. It is one header page
 * and `segment_count` segments of `segment_bytes`. A thread that records owns
 * one segment at a time and appends to it; the drain (drain.h) empties
 * segments into the trace. It is a matter between one build of the recorder
 * and pmt-recover on the same machine, in host byte order; it is not part of
 * the archival format, but has a version and is never trusted when read.
 *
 * Threads: producers touch `head` of their own segment, `state` by atomic
 * compare-and-swap, and the loss counters by atomic addition. All other
 * fields are written by the one thread that drains.
 */
#ifndef PMT_JOURNAL_H
#define PMT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "pmt/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PMT_JOURNAL_MAGIC "PMTJRNL\n"
#define PMT_JOURNAL_VERSION 2u
#define PMT_JOURNAL_SUFFIX ".journal"
#define PMT_JOURNAL_HEADER_BYTES 4096u
#define PMT_SEGMENT_BYTES (128u * 1024u)
#define PMT_JOURNAL_SEGMENTS 64u           /* 8 MiB with the default size */

/* ---- records of fixed size, in segments of kind RECORDS --------------- */

/* The top byte of `word`: what happened. The rest is the address. */
enum pmt_raw_tag {
    PMT_RAW_NONE = 0,
    /* alloc: 0x10 | op << 2 | domain; op as enum pmt_alloc_op, domain as
     * enum pmt_domain in record.h. `a` is the size, `b` the stack id. */
    PMT_RAW_ALLOC = 0x20,                  /* 0x20..0x3f */
    /* object: 0x40 create, 0x41 destroy. `a` is the type id, `b` the stack
     * id. */
    PMT_RAW_CREATE = 0x40,
    PMT_RAW_DESTROY = 0x41,
    /* Follows an alloc record whose `a` is UINT32_MAX: `time` is the size. */
    PMT_RAW_SIZE = 0x50,
    /* call and line: `a` is the number of a class (PMT_DEF_CLASS), which
     * tells what happened and where; `b` the byte offset of the instruction
     * plus 1, or 0 (line only). */
    PMT_RAW_CALL = 0x60,
    PMT_RAW_LINE = 0x61,
    /* The resident set size was read by this thread at this moment: the low
     * 56 bits of `word` are its value in rss units. It holds for all records
     * of all threads from here on; the next call, line or object record of
     * this thread is the one at which it was read. */
    PMT_RAW_RSS = 0x62,
    /* `a` is a kind (enum pmt_kind), the low 56 bits of `word` are how many
     * events of that kind were seen and not recorded before this thread's
     * next record of that kind. */
    PMT_RAW_GAP = 0x63,
    /* A garbage collection: the low 56 bits of `word` are its duration in ns
     * (0 at the start), `a` is the number of objects collected, `b` is
     * op | generation << 1 | uncollectable << 8; op as in the spec's gc. */
    PMT_RAW_GC = 0x64
};

#define PMT_RAW_ADDRESS_BITS 56
#define PMT_RAW_ADDRESS_MASK ((UINT64_C(1) << PMT_RAW_ADDRESS_BITS) - 1)

/* One record. Two of them follow each other, and are committed together,
 * where a size does not fit. */
struct pmt_raw {
    uint64_t time;      /* pmt_journal_clock() */
    uint64_t word;      /* tag << 56 | address */
    uint32_t a;
    uint32_t b;
};

static inline uint64_t pmt_raw_word(uint8_t tag, const void *address)
{
    return (uint64_t)tag << PMT_RAW_ADDRESS_BITS |
           ((uint64_t)(uintptr_t)address & PMT_RAW_ADDRESS_MASK);
}

static inline uint8_t pmt_raw_alloc_tag(unsigned op, unsigned domain)
{
    return (uint8_t)(PMT_RAW_ALLOC | op << 2 | domain);
}

/* ---- definitions of any size, in segments of kind DEFINITIONS --------- */

/*
 * Ids are chosen by the producer, from 1 up, without gaps, one series per
 * table; 0 means none. An id never changes its meaning in a stream. The
 * definition of an id must be committed before any record that uses it, and
 * the definitions that it uses itself before it.
 */
enum pmt_def_type {
    PMT_DEF_CODE = 1,    /* v: id, first line, length of file; text: file
                          * then function */
    PMT_DEF_STACK = 2,   /* v: id, parent stack id, code id, line */
    PMT_DEF_TYPE = 3,    /* v: id, basic size, item size; text: name */
    PMT_DEF_THREAD = 4,  /* v: id, native id, 0; text: name or empty; may be
                          * given again when the name changes; `wide` is the
                          * pthread/Python ident */
    PMT_DEF_MARK = 5,    /* v: thread id; text: the message; `wide` is the
                          * pmt_journal_clock() value of the moment */
    PMT_DEF_CFUNCTION = 6, /* v: id, length of name; text: name then module */
    PMT_DEF_CLASS = 7,   /* v: number, kind | what << 8 (call, line), stack id
                          * of the site, cfunction id. The numbers are one
                          * series of their own: the trace's class ids are
                          * the writer's */
    PMT_DEF_FIGURES = 8, /* v: kind (sample or heap), thread id, pid or 0;
                          * text: a line "name\tunit\t0|1\tvalue\n" for each
                          * figure, 1 for a counter, value a signed decimal;
                          * `wide` as for a mark */
    PMT_DEF_SNAPSHOT_ROWS = 9, /* v: serial number of the snapshot, rows; text:
                          * that many struct pmt_snapshot_row. Committed
                          * before: */
    PMT_DEF_SNAPSHOT = 10, /* v: serial number, rows in all, length of the
                          * name; text: the name, then the user's values as
                          * lines "title\tunit\tvalue\n"; `wide` as for a
                          * mark */
    PMT_DEF_PROCESS = 11 /* v: op | how << 8, pid, ppid, status; text: a
                          * struct pmt_def_process, then its texts one after
                          * the other, then the arguments, each ended by a
                          * zero; `wide` as for a mark */
};

struct pmt_def_process {
    uint64_t started_ns;
    uint32_t executable_bytes, name_bytes, note_bytes, argc;
};

struct pmt_snapshot_row {
    uint32_t stack, type;      /* ids or 0 */
    uint64_t blocks, bytes;
    uint32_t domain, reserved; /* enum pmt_domain */
};

struct pmt_def {
    uint32_t total_bytes;  /* this header, the text, and padding to 8 */
    uint32_t type;         /* enum pmt_def_type */
    uint32_t text_bytes;
    uint32_t v[4];
    uint32_t reserved;
    uint64_t wide;
    /* text follows */
};

/* Longest text of one definition; a producer cuts longer ones. */
#define PMT_DEF_TEXT_MAX 16384u

/* ---- segments ---------------------------------------------------------- */

enum pmt_segment_state {
    PMT_SEGMENT_FREE = 0,
    PMT_SEGMENT_ACTIVE = 1, /* a producer appends to it */
    PMT_SEGMENT_FULL = 2    /* given up by its producer; the drain frees it */
};

enum pmt_segment_kind {
    PMT_SEGMENT_RECORDS = 1,
    PMT_SEGMENT_DEFINITIONS = 2
};

struct pmt_segment {
    uint32_t state;      /* atomic; FREE -> ACTIVE by a producer's CAS,
                          * ACTIVE -> FULL by the producer (release),
                          * FULL -> FREE by the drain (release) */
    uint32_t kind;       /* set by the producer before `order` */
    uint32_t thread;     /* id of the thread; 0 for definitions */
    uint32_t reserved;
    uint64_t order;      /* atomic; serial number of this use of a segment,
                          * from 1, set last (release) when it is taken; the
                          * drain sets it to 0 when it frees the segment */
    uint64_t head;       /* atomic; bytes of `data` committed (release) */
    uint64_t consumed;   /* bytes of `data` that are in the trace */
    uint64_t pending;    /* `consumed` once the pending write is complete */
    uint64_t pad[2];
    unsigned char data[];
};

#define PMT_SEGMENT_HEADER_BYTES 64u

/* ---- the header -------------------------------------------------------- */

enum pmt_clock {
    PMT_CLOCK_MONOTONIC = 0,   /* clock_gettime(CLOCK_MONOTONIC), ns */
    PMT_CLOCK_COUNTER = 1      /* the processor's invariant counter */
};

enum pmt_loss_cause {          /* spec: kind `loss` */
    PMT_LOSS_FULL = 0,         /* no free segment: the drain was behind */
    PMT_LOSS_REENTRANT = 1,    /* an event inside the recorder's own work */
    PMT_LOSS_MEMORY = 2,       /* no memory for a buffer or a table */
    PMT_LOSS_IO = 3,           /* the trace could not be written */
    PMT_LOSS_TORN = 4,         /* not committed when the process died */
    PMT_LOSS_DAMAGED = 5,      /* found damaged by pmt-recover */
    PMT_LOSS_CAUSES = 6
};

struct pmt_journal_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint32_t segment_bytes;
    uint32_t segment_count;
    uint32_t clock;            /* enum pmt_clock */
    uint32_t tick_ns;
    uint64_t pid;
    /* The moment of stream time 0. */
    uint64_t start_raw, start_mono_ns;
    int64_t start_real_ns;
    /* The last pair of clock values taken, and counts per ns between the
     * first and it as 32.32 fixed point. Written by the drain. */
    uint64_t anchor_raw, anchor_mono_ns;
    uint64_t raw_per_ns_q32;
    /* Two-phase commit of a write to the trace (drain.c tells how). */
    uint32_t pending;          /* atomic; 1 while `pending_end` counts */
    uint32_t closed;           /* atomic; 1 when the trace is finished */
    uint64_t committed_end;    /* bytes of the trace known to be whole */
    uint64_t pending_end;      /* its length once the write is complete */
    /* Loss, counted since the start; atomic additions by producers. */
    uint64_t lost[8];
    /* Next serial number for pmt_segment.order; atomic. */
    uint64_t next_order;
    uint64_t full_by_io;       /* of lost[FULL]: while the disk refused
                                * writes; kept by the drain */
    uint8_t uuid[16];          /* of the stream; set by the drain */
    uint32_t part;             /* of the stream: `committed_end` is of it */
    uint32_t allocated;        /* atomic; segments from here on are holes in
                                * the file, and not to be written */
    /* Of the stream's parent and session, as in its header; by the drain. */
    uint8_t parent_uuid[16], session_uuid[16];
};

/* A mapped journal. Plain storage; the caller's. */
struct pmt_journal {
    struct pmt_journal_header *header;
    size_t bytes;              /* of the whole mapping */
    int fd;                    /* -1: none is needed to hold the lock */
    bool has_file;             /* false: the memory is anonymous */
    uint64_t dev, ino;         /* of the file, as fstat(2) has them */
};

static inline struct pmt_segment *
pmt_journal_segment(const struct pmt_journal *j, uint32_t i)
{
    return (struct pmt_segment *)(void *)((char *)j->header +
                                          j->header->header_bytes +
                                          (size_t)i *
                                              j->header->segment_bytes);
}

/* Bytes a producer may commit in a segment. */
static inline size_t pmt_segment_capacity(const struct pmt_journal *j)
{
    return j->header->segment_bytes - PMT_SEGMENT_HEADER_BYTES;
}

/* True where the processor has a counter of constant rate that runs in step
 * on all cores (x86: CPUID 0x80000007 EDX bit 8; aarch64: always). */
int pmt_clock_counter_usable(void);

/* The monotonic clock in ns. */
static inline uint64_t pmt_clock_mono_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

/* The value that pmt_raw.time holds, by the journal's clock. */
static inline uint64_t pmt_clock_raw(uint32_t clock)
{
    if (clock == PMT_CLOCK_COUNTER) {
#if defined(__x86_64__) || defined(__i386__)
        return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
        uint64_t v;

        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
        return v;
#endif
    }
    return pmt_clock_mono_ns();
}

/*
 * Creates the journal file `path` (O_CREAT|O_EXCL|O_NOFOLLOW, mode 0600, its
 * blocks allocated at once so that a full disk can't fault the program
 * later; but see pmt_journal_forked), maps it shared, fills its header and takes a write lock that tells
 * readers the process lives: an OFD lock, which the mapping holds without a
 * descriptor, or a POSIX one where there are none. With path NULL, or where
 * the file system can't do it and `allow_anonymous`, uses anonymous memory:
 * recording works, but what is in it does not survive the process.
 *
 * `segment_count` 0 means the default. Measures the counter's rate for some
 * 200 us. Returns PMT_OK, PMT_ERR_IO, PMT_ERR_MEMORY.
 */
int pmt_journal_create(struct pmt_journal *j, const char *path,
                       uint32_t segment_count, uint32_t tick_ns,
                       int allow_anonymous, struct pmt_error *err);

/*
 * In the child of a fork: how fast the counter runs, as the parent's journal
 * has it. Journals that are made from here on take it, no page of their
 * files is read ahead, and the files take only the blocks that are needed
 * (pmt_journal_take gets more), so that a process that does not live long
 * pays little.
 */
void pmt_journal_forked(uint64_t raw_per_ns_q32);

/*
 * Maps an existing journal privately (changes stay in memory) and checks
 * every size in it. PMT_ERR_BUSY when a living process holds its lock,
 * PMT_ERR_CORRUPT when it can't be a journal, PMT_ERR_IO when it can't be
 * read (sys_errno ENOENT: there is none).
 */
int pmt_journal_open(struct pmt_journal *j, const char *path,
                     struct pmt_error *err);

/* Unmaps and closes; does not remove the file. Accepts a zeroed struct. */
void pmt_journal_close(struct pmt_journal *j);

/*
 * Takes a free segment for a producer: CAS on `state`, then kind, thread and
 * zeroed counters, `order` last. NULL when none is free, or the disk has no
 * block for it: the caller counts a loss. Lock-free, async-signal-safe.
 */
struct pmt_segment *pmt_journal_take(struct pmt_journal *j,
                                     enum pmt_segment_kind kind,
                                     uint32_t thread);

/* Gives a segment up: the drain frees it once it is emptied. */
static inline void pmt_journal_give(struct pmt_segment *s)
{
    __atomic_store_n(&s->state, PMT_SEGMENT_FULL, __ATOMIC_RELEASE);
}

/* Counts `n` lost events. */
static inline void pmt_journal_lose(struct pmt_journal *j,
                                    enum pmt_loss_cause cause, uint64_t n)
{
    __atomic_fetch_add(&j->header->lost[cause], n, __ATOMIC_RELAXED);
}

/* Losses so far by cause, PMT_LOSS_CAUSES of them; what was dropped while
 * the disk refused writes counts as IO. */
void pmt_journal_losses(const struct pmt_journal *j, uint64_t *lost);

/*
 * Appends one definition to segment `s` of kind DEFINITIONS. Returns 0 when
 * there is no room (give the segment up and take another), else 1. One
 * producer at a time (the recorder's intern lock). `text` may be NULL when
 * text_bytes is 0; two pieces of text are joined (the second may be NULL).
 */
int pmt_journal_define(struct pmt_journal *j, struct pmt_segment *s,
                       const struct pmt_def *def, const char *text,
                       size_t text_bytes, const char *text2,
                       size_t text2_bytes);

#ifdef __cplusplus
}
#endif
#endif
