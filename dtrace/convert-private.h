/*
 * convert-private.h - what the parts of the converter share: one file for
 * each kind of line.
 *
 * A dt_take_ function is given a line, or the rest of one, without its end.
 * It returns what that was, an enum dt_line: DT_BAD + an enum dt_cause for
 * what can't be used; or a negative PMT_ERR_.
 */
#ifndef DTRACE_CONVERT_PRIVATE_H
#define DTRACE_CONVERT_PRIVATE_H

#include <string.h>

#include "convert.h"
#include "digits.h"
#include "room.h"
#include "spool.h"

enum dt_line {
    DT_USED,     /* it told an event, or a part of one */
    DT_OTHER,    /* a title, a table, a blank line, what a tool says */
    DT_NOT_MINE, /* not of this kind: another may try */
    DT_BAD
};

/* A process of the log. */
struct dt_process {
    struct dt_stream stream; /* first */
    struct dt_spool spool;
};

/* A call of pymemtrace's scripts that has begun. */
struct dt_open {
    struct dt_process *process;
    uint64_t line, old, size;
    uint32_t site;
    uint8_t call;      /* which function */
    uint8_t kind;      /* calls of one kind end with the same words */
    bool doubtful;     /* an end that came may have been its */
};
#define DT_OPEN_MAX 64u

/* Resident set sizes are written in KiB, as ps(1) tells them. */
#define DT_RSS_UNIT 1024u

/* The table of one question, as DTrace prints it. */
struct dt_table {
    char name[64];          /* of the snapshot; "": no table has begun */
    struct dt_process *process; /* that its rows are of, once there is one */
    struct pmt_buffer caller; /* text of the row at hand */
    struct dt_text file, function; /* in it */
    uint64_t line;          /* that it came from; 0: no row is at hand */
    uint64_t bytes, blocks;
    bool counted;           /* a count of blocks came */
    struct pmt_snapshot_entry *rows;
    size_t count, room;
    struct pmt_value *values; /* blocks by caller and size; names are owned */
    size_t value_count, value_room;
};

/* A row of our own distributions. */
struct dt_sum {
    struct dt_process *process;
    uint64_t blocks, bytes, bucket;
    uint32_t stack;
    bool has_blocks, has_bytes;
};

/* The process and the thread of the last line of ours, and their text: most
 * lines are of the thread that the line before was of. */
struct dt_ids {
    char text[44];
    uint32_t length; /* 0: none is kept */
    uint64_t pid, tid;
};

/* Where the last half was, and the text that tells it. */
struct dt_place {
    char text[DT_LAST_MAX];
    size_t length; /* 0: none is kept */
    struct dt_process *process;
    uint32_t site;
};

struct dt_convert {
    struct pmt_sink sink;
    struct dt_options options;
    struct dt_report report;
    struct dt_process **processes;
    size_t process_count, process_room;
    struct dt_process *last;   /* that of the last event */
    uint8_t session[16];
    struct pmt_buffer carry;   /* a line whose end has not come yet */
    bool skipping;             /* the rest of a line that is too long */
    uint64_t line;             /* number of the line at hand, from 1 */
    struct dt_ids ids; /* convert-ours.c */
    /* convert-halves.c */
    struct dt_open *open;
    size_t open_count, open_room;
    struct dt_place place;
    /* convert-flow.c: the line of the last call, whose rss may follow */
    uint64_t rss_line;
    struct dt_process *rss_process;
    /* convert-table.c */
    struct dt_table table;
    /* convert-sums.c */
    struct dt_keys sum_keys;
    struct dt_sum *sums;
    size_t sum_count, sum_room;
    /* convert-notes.c */
    uint64_t printed; /* lines of ours since the last count of them */
    uint64_t dropped; /* lost, as the tracer says, since then */
};

/* ---- reading text --------------------------------------------------------- */

/* What is left of a line. */
struct dt_rest {
    const char *p, *end;
};

static inline bool dt_skip(struct dt_rest *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static inline bool dt_skip_word(struct dt_rest *r, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
        return false;
    r->p += n;
    return true;
}

static inline size_t dt_skip_spaces(struct dt_rest *r)
{
    const char *from = r->p;

    r->p = dt_skip_byte(from, r->end, ' ');
    return (size_t)(r->p - from);
}

/* A decimal number below 2^64; false: there is none, or it is greater. */
static inline bool dt_number(struct dt_rest *r, uint64_t *value)
{
    const char *p = dt_read_decimal(r->p, r->end, value);

    r->p = p ? p : r->p;
    return p != NULL;
}

/* 0x and 1 to 16 digits. */
static inline bool dt_address(struct dt_rest *r, uint64_t *value)
{
    const char *p = r->p;

    if (r->end - p < 3 || p[0] != '0' || p[1] != 'x')
        return false;
    p = dt_read_hexadecimal(p + 2, r->end, value);
    r->p = p ? p : r->p;
    return p != NULL;
}

/* Where `word` of `n` bytes begins in the rest; NULL: nowhere. */
static inline const char *dt_find(const struct dt_rest *r, const char *word,
                                  size_t n)
{
    return r->p < r->end ? memmem(r->p, (size_t)(r->end - r->p), word, n)
                         : NULL;
}

/* ---- convert.c ------------------------------------------------------------- */

/* The process `pid`, new or not; `time` is that of its first event. DT_USED,
 * DT_BAD + a cause, or an error. */
int dt_process(struct dt_convert *c, uint64_t pid, uint64_t time,
               struct dt_process **out, struct pmt_error *err);

/* Counts what could not be used of line `line`. */
void dt_unused(struct dt_convert *c, enum dt_cause cause, uint64_t line);

/* ---- convert-event.c -------------------------------------------------------- */

/* A call of an allocator's function, as a line tells it. */
enum dt_call { DT_MALLOC, DT_CALLOC, DT_REALLOC, DT_FREE };
struct dt_told {
    uint64_t time, took;   /* ns */
    uint64_t old, size, block;
    uint32_t site, thread;
    uint8_t call;          /* enum dt_call */
    uint8_t domain;
};

/* Adds its events, or counts why there is none. PMT_OK or an error. */
int dt_tell(struct dt_convert *c, struct dt_process *p,
            const struct dt_told *told, struct pmt_error *err);

/* count * size, or UINT64_MAX: such a call fails. */
uint64_t dt_product(uint64_t count, uint64_t size);

/* The kinds of lines. */
int dt_take_ours(struct dt_convert *c, struct dt_rest line,
                 struct pmt_error *err);
int dt_take_half(struct dt_convert *c, struct dt_rest line,
                 struct pmt_error *err);
int dt_take_flow(struct dt_convert *c, struct dt_rest line,
                 struct pmt_error *err);
int dt_take_table(struct dt_convert *c, struct dt_rest line,
                  struct pmt_error *err);
int dt_take_sum(struct dt_convert *c, struct dt_rest line,
                struct pmt_error *err);
int dt_take_note(struct dt_convert *c, struct dt_rest line,
                 struct pmt_error *err);

/* What is still open where a log, or a block in it, ends. */
void dt_halves_end(struct dt_convert *c);
int dt_table_end(struct dt_convert *c, struct pmt_error *err);
int dt_sums_end(struct dt_convert *c, struct pmt_error *err);
void dt_table_release(struct dt_table *t);

#endif
