/*
 * record.h - the kinds of chunk and the values of their columns (spec 5-8).
 *
 * Structures here hold one record as a writer is given it and a reader gives
 * it back. Ids refer to the tables of the record's stream; 0 is "none".
 */
#ifndef PMT_RECORD_H
#define PMT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of chunk (spec 5). */
enum pmt_kind {
    PMT_KIND_STREAM = 1,
    PMT_KIND_STRINGS = 2,
    PMT_KIND_CODES = 3,
    PMT_KIND_CFUNCTIONS = 4,
    PMT_KIND_TYPES = 5,
    PMT_KIND_STACKS = 6,
    PMT_KIND_THREADS = 7,
    PMT_KIND_CLASSES = 8,
    PMT_KIND_ANCHORS = 9,
    PMT_KIND_CALL = 10,
    PMT_KIND_LINE = 11,
    PMT_KIND_OBJECT = 12,
    PMT_KIND_ALLOC = 13,
    PMT_KIND_SAMPLE = 14,
    PMT_KIND_HEAP = 15,
    PMT_KIND_SNAPSHOT = 16,
    PMT_KIND_MARK = 17,
    PMT_KIND_GC = 18,
    PMT_KIND_LOSS = 19,
    PMT_KIND_LIVE_SET = 20,
    PMT_KIND_END = 21,
    PMT_KIND_PROCESS = 22,
    PMT_KIND_KNOWN = 23 /* first number this library does not know */
};

/* A text: bytes, not terminated; NULL `bytes`: not known. Borrowed. */
struct pmt_text {
    const char *bytes;
    uint32_t length;
};

/* alloc: column 14, bits 2-4 (spec 7.5). */
enum pmt_alloc_op {
    PMT_ALLOC_FREE = 0,
    PMT_ALLOC_MALLOC = 1,
    PMT_ALLOC_CALLOC = 2,
    /* realloc is two records: the old block is given up before the call, the
     * new one is had after it. */
    PMT_ALLOC_REALLOC_FREE = 3,
    PMT_ALLOC_REALLOC = 4,
    /* realloc failed: the block of the thread's last REALLOC_FREE lives on
     * at its old size. */
    PMT_ALLOC_REALLOC_UNDO = 5
};

/* alloc: column 14, bits 0-1: CPython's allocator domains (C-API, "Memory
 * Management", PyMemAllocatorDomain), and 3 for memory not from Python. */
enum pmt_domain {
    PMT_DOMAIN_RAW = 0,
    PMT_DOMAIN_MEM = 1,
    PMT_DOMAIN_OBJ = 2,
    PMT_DOMAIN_NATIVE = 3
};

/* True for the operations that give up an address. */
static inline int pmt_alloc_releases(unsigned op)
{
    return op == PMT_ALLOC_FREE || op == PMT_ALLOC_REALLOC_FREE;
}

/* True for those that have a size. REALLOC_UNDO acquires but has none. */
static inline int pmt_alloc_has_size(unsigned op)
{
    return op == PMT_ALLOC_MALLOC || op == PMT_ALLOC_CALLOC ||
           op == PMT_ALLOC_REALLOC;
}

/* One allocator event. */
struct pmt_alloc {
    uint64_t time;      /* ticks since the stream began */
    uint64_t address;
    uint64_t size;      /* bytes asked for; 0 where the op has none */
    uint32_t stack;     /* stack id; 0: no Python frame */
    uint32_t thread;    /* thread id */
    uint8_t op;         /* enum pmt_alloc_op */
    uint8_t domain;     /* enum pmt_domain */
    uint32_t gap;       /* events of the kind that were seen and not recorded
                         * just before; UINT32_MAX: that many or more */
};

/* object: what. */
enum pmt_object_op {
    PMT_OBJECT_CREATE = 0,
    PMT_OBJECT_DESTROY = 1
};

/* What the records of an object's class do is the lowest bit of its id
 * (spec 7.4). */
static inline unsigned pmt_class_object_op(uint64_t class_id)
{
    return (unsigned)(class_id & 1);
}

/* One object event. */
struct pmt_object {
    uint64_t time;      /* ticks */
    uint64_t address;
    uint32_t type;      /* type id */
    uint32_t stack;     /* stack id of the site */
    uint32_t thread;
    uint8_t op;         /* enum pmt_object_op */
    uint8_t rss_read;   /* 1: rss was read at this record */
    uint32_t gap;       /* as in pmt_alloc */
    uint64_t rss;       /* resident set size in the stream's rss units; 0:
                         * not known */
};

/* call and line: what happened, by kind (spec 7.3). */
enum pmt_call_what {
    PMT_CALL_CALL = 0,
    PMT_CALL_RETURN = 1,
    PMT_CALL_C_CALL = 2,
    PMT_CALL_C_RETURN = 3,
    PMT_CALL_C_EXCEPTION = 4,
    PMT_CALL_RESUME = 5,
    PMT_CALL_YIELD = 6,
    PMT_CALL_UNWIND = 7,
    PMT_CALL_THROW = 8,
    PMT_CALL_WHATS = 9
};
enum pmt_line_what {
    PMT_LINE_LINE = 0,
    PMT_LINE_CALL = 1,
    PMT_LINE_RETURN = 2,
    PMT_LINE_EXCEPTION = 3,
    PMT_LINE_OPCODE = 4,
    PMT_LINE_WHATS = 5
};

/* One event of kind call or line. */
struct pmt_call {
    uint64_t time;      /* ticks */
    uint64_t rss;       /* as in pmt_object */
    uint32_t number;    /* of its class: pmt_writer_define_class; 0: none */
    uint32_t thread;
    uint32_t offset;    /* line: byte offset of the instruction; 0 also where
                         * it is not known */
    uint32_t gap;       /* as in pmt_alloc */
    uint8_t rss_read;   /* as in pmt_object */
};

/* One event of the garbage collector (spec 7.9). */
struct pmt_gc {
    uint64_t time;      /* ticks */
    uint64_t duration_ns;   /* of a stop; else 0 */
    uint64_t collected, uncollectable; /* objects; of a stop */
    uint32_t thread;
    uint8_t op;         /* 0 start, 1 stop */
    uint8_t generation;
};

/* One figure of a sample or heap record (spec 7.6), or a value that a user
 * gave with a snapshot (7.7). Names are not empty, and differ. */
struct pmt_value {
    struct pmt_text name, unit;
    int64_t value;
    uint8_t counter;    /* sample, heap: 1: only rises; else 0 */
};

/* One row of a snapshot (spec 7.7). */
struct pmt_snapshot_entry {
    uint64_t blocks, bytes;
    uint32_t stack, type;   /* ids or 0 */
    uint8_t domain;         /* enum pmt_domain */
};

/* process: op (spec 7.12). */
enum pmt_process_op {
    PMT_PROCESS_FOUND = 0,     /* it ran already */
    PMT_PROCESS_STARTED = 1,
    PMT_PROCESS_EXEC = 2,
    PMT_PROCESS_EXITED = 3,
    PMT_PROCESS_VANISHED = 4,
    PMT_PROCESS_DENIED = 5,    /* the note says what may not be read */
    PMT_PROCESS_LEFT = 6,      /* not looked at from here on */
    PMT_PROCESS_OPS = 7
};

/* process: how it was learnt. */
enum pmt_process_how {
    PMT_HOW_LOOK = 0,          /* by looking */
    PMT_HOW_EVENT = 1,         /* the system tells of starts and ends */
    PMT_HOW_CHILDREN = 2,      /* a list of children */
    PMT_HOW_WAIT = 3,          /* as its parent */
    PMT_HOW_NAMED = 4,         /* given by the user, or started here */
    PMT_HOW_DESCRIPTOR = 5,    /* a descriptor of the process */
    PMT_HOWS = 6
};

/* process: status, made from what ended it. 0: not known. */
#define PMT_STATUS_EXIT(code) (1u + ((unsigned)(code) & 255))
#define PMT_STATUS_SIGNAL(n) (256u + (unsigned)(n))

/* What was learnt of one process. Texts of length 0 and an argc of 0 are not
 * known. */
struct pmt_process {
    uint64_t time;             /* ticks */
    uint64_t pid, ppid;        /* ppid 0: not known */
    uint64_t started_ns;       /* since the system started; 0: not known */
    uint32_t status;           /* PMT_STATUS_...; 0: not known */
    uint8_t op, how;           /* of the enums, or what they lack (read) */
    struct pmt_text executable, name, note;
    const struct pmt_text *argv;
    size_t argc;
};

/* One message. */
struct pmt_mark {
    uint64_t time;      /* ticks */
    uint32_t thread;
    const char *text;   /* UTF-8; not terminated */
    uint32_t text_bytes;
};

/* One block or object of a live set (spec 7.11). */
struct pmt_live {
    uint64_t address;
    uint64_t size;      /* bytes; 0 for objects */
    uint64_t time;      /* tick when it was made */
    uint32_t stack;
    uint32_t type;      /* 0 for blocks */
    uint32_t thread;
    uint8_t domain;     /* of a block */
    uint8_t of_kind;    /* PMT_KIND_ALLOC or PMT_KIND_OBJECT */
};

#ifdef __cplusplus
}
#endif
#endif
