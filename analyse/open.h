/*
 * open.h: a trace that a command reads: opening FILE[@MOMENT], going through
 * it, and what damage means for stderr and for the exit status. The rule is
 * in docs/cli.md; every reading command follows it by these calls:
 *
 *     struct pmt_trace in;
 *     struct pmt_event event;
 *     struct pmt_error err;
 *     int code;
 *
 *     if (pmt_trace_open(&in, argv[0], &opt.common, NULL))
 *         return PMT_EXIT_TROUBLE;                  // it has said why
 *     while ((code = pmt_trace_next(&in, &event, &err)) == PMT_OK)
 *         …;
 *     if (code < 0)
 *         return pmt_trace_failed(&in, &err);       // says why, closes
 *     …                                             // print the result
 *     return pmt_trace_close(&in, status, opt.strict); // warnings
 *
 * Only open, failed, close, find_moment and find print. pmt_trace_next counts what
 * is wrong in `health` and moves the progress bar, so an algorithm may call
 * it on an input that a command, or a test, has opened.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_OPEN_H
#define PMT_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/moment.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "pmt/error.h"
#include "pmt/io.h"
#include "pmt/reader.h"

/* Damaged places whose byte and cause are kept; the others are counted. */
#define PMT_HEALTH_PLACES 8

/* What was wrong with a trace so far. Zeroed to begin with. */
struct pmt_health {
    uint64_t corrupt;        /* damaged places that are not a cut end */
    uint64_t chunks_lost;    /* chunks that damage made unusable */
    uint64_t chunks_missing; /* by gaps in seq, those just counted too */
    bool truncated;
    uint64_t truncated_at;   /* byte */
    uint64_t unknown;        /* chunks of a kind of a later version */
    uint64_t features;       /* chunks that need an unknown feature */
    uint64_t unreadable;     /* chunks with a column of an unknown codec */
    uint64_t orphans;        /* chunks of a stream without a header */
    uint64_t refused;        /* streams of a greater major version */
    uint32_t refused_major, refused_minor; /* of the first of them */
    uint64_t journal_records; /* records that came from the journal */
    int journal_errno;       /* why the journal beside it can't be read; 0 */
    struct pmt_error places[PMT_HEALTH_PLACES];
    size_t place_count;
};

/* Does it stand for a chunk, so that it has an envelope and a stream? (That a
 * stream is refused has them too, but is said of no chunk.) */
bool pmt_event_is_chunk(const struct pmt_event *event);

/* Counts what `event` says is wrong. */
void pmt_health_note(struct pmt_health *health, const struct pmt_event *event);

struct pmt_trace {
    struct pmt_reader *reader;
    char *path;                /* as opened; "-" is standard input */
    const char *name;          /* for messages */
    struct pmt_moment moment;  /* NONE unless opened by _open_moment */
    struct pmt_health health;
    struct pmt_progress progress;
};

/*
 * Opens `operand`, a path or "-". The journal of a dead process beside it is
 * read too, unless `options` (NULL: defaults) say no. Returns PMT_EXIT_OK, or
 * PMT_EXIT_TROUBLE after printing why; then there is nothing to close.
 */
int pmt_trace_open(struct pmt_trace *in, const char *operand,
                   const struct pmt_common *common,
                   const struct pmt_reader_options *options);

/* The same, with a name of its own for messages, borrowed until it is closed:
 * of a copy that of the original. */
int pmt_trace_open_as(struct pmt_trace *in, const char *path,
                      const char *name, const struct pmt_common *common,
                      const struct pmt_reader_options *options);

/* The same for FILE@MOMENT: sets in->moment. */
int pmt_trace_open_moment(struct pmt_trace *in, const char *operand,
                          const struct pmt_common *common,
                          const struct pmt_reader_options *options);

/* For tests of algorithms: `source` is taken over; `name` is borrowed. Prints
 * nothing; returns what pmt_reader_open does. */
int pmt_trace_from_source(struct pmt_trace *in, struct pmt_source *source,
                          const char *name,
                          const struct pmt_reader_options *options,
                          struct pmt_error *err);

/* pmt_reader_next(), noting health and progress. */
int pmt_trace_next(struct pmt_trace *in, struct pmt_event *event,
                   struct pmt_error *err);

/* What a path is called in messages: "standard input", what a copy is of. */
const char *pmt_trace_name(const char *path);

/* The name of the file that holds byte *offset, which becomes that of the
 * file: where the trace is in several parts (pmt/parts.h), it may be that of
 * an older one. A new string; free() it. */
char *pmt_trace_file_of(const struct pmt_trace *in, uint64_t *offset);

/* Prints `err` with the trace's name, closes, returns PMT_EXIT_TROUBLE. */
int pmt_trace_failed(struct pmt_trace *in, const struct pmt_error *err);

/*
 * Prints what was wrong, one line a thing, and closes. Returns the exit
 * status: `status` (PMT_EXIT_OK or _NO) made worse by the damage, thus:
 *   a stream of a greater major version    PMT_EXIT_TROUBLE
 *   anything wrong, with `strict`          PMT_EXIT_TROUBLE
 *   corrupt                                PMT_EXIT_NO at least
 *   truncated, missing, of a later version no change
 */
int pmt_trace_close(struct pmt_trace *in, int status, bool strict);

/* Says that the trace has a stream of a greater major version, and returns
 * PMT_EXIT_TROUBLE; or PMT_EXIT_OK when it has none. Part of close. */
int pmt_trace_refused(const struct pmt_trace *in);

/* Closes without a word. Harmless on a zeroed or closed input. */
void pmt_trace_release(struct pmt_trace *in);

/* The worse of two exit statuses, for commands with several traces. */
int pmt_exit_worse(int a, int b);

/* A moment as it was found in a trace. */
struct pmt_instant {
    bool is_end;         /* after the last record */
    uint64_t ns;         /* since the stream began; UINT64_MAX for the end */
    bool has_stream;     /* the moment is in one stream's clock: a mark, the
                          * peak */
    uint64_t stream_key; /* that stream */
    bool is_wall;        /* it is a wall clock time, in no stream's clock */
    int64_t real_ns;     /* with has_stream or is_wall: wall clock of it */
    bool has_boot;       /* with has_stream: the monotonic clock of it, which */
    uint8_t boot[16];    /* other streams of this boot have too */
    uint64_t mono_ns;
};

/*
 * Finds in->moment. NONE and END are the end, TIME is itself, WALL is turned
 * into each stream's clock; MARK, PEAK and EXIT need a pass over the file (so not
 * "-"). PEAK: the first tick at which most bytes of blocks were live, without
 * blocks most objects; of several streams that of the one with most, in its
 * clock. EXIT: where the interpreter began to end (live.h: exits), to a
 * tick; of several streams the last of them. Returns PMT_EXIT_OK, or
 * PMT_EXIT_TROUBLE after printing why.
 */
int pmt_trace_find_moment(const struct pmt_trace *in,
                          struct pmt_instant *instant);

/* The same for another moment than that of the operand, as of --at MOMENT. */
int pmt_trace_find(const struct pmt_trace *in,
                   const struct pmt_moment *moment,
                   struct pmt_instant *instant);

/* The instant as ns since stream `s` began: clamped at 0; UINT64_MAX for the
 * end. Of another stream than that of `s` by the monotonic clock where both
 * are of one boot, else by the wall clock at the start of each. */
uint64_t pmt_instant_in_stream(const struct pmt_instant *instant,
                               const struct pmt_stream *s);

/* Does finding it take a pass over the trace? */
bool pmt_moment_takes_pass(const struct pmt_moment *moment);

/* ns from the start of a stream to that of another: by the monotonic clock
 * where both are of one boot, else by the wall clock. */
int64_t pmt_stream_between(const struct pmt_stream_header *a,
                           const struct pmt_stream_header *b);

/* May `path` be opened more than once? Not a pipe, whose writer would wait
 * for a second reader for good, nor "-". */
bool pmt_trace_reopens(const char *path);

/* What lies beside a trace under its name with ".journal". */
enum pmt_journal_state {
    PMT_JOURNAL_NONE,   /* nothing; also for "-" */
    PMT_JOURNAL_BUSY,   /* the journal of a living process */
    PMT_JOURNAL_DEAD,   /* that of a dead one */
    PMT_JOURNAL_WRONG   /* a file that is no journal, or can't be read */
};
enum pmt_journal_state pmt_trace_journal(const char *path);

/* Rows for the option tables. */
#define PMT_OPT_STRICT(type, field)                                           \
    PMT_OPT_FLAG(0, "strict", type, field,                                    \
                 "status 2 when the trace is truncated or damaged")

#endif
