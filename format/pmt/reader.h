/*
 * reader.h - goes through a trace: chunk by chunk, record by record.
 *
 * Bounded memory: one chunk at a time plus the tables. A reader never gives
 * up for damage: pmt_reader_next returns an event that says what is wrong
 * and at which byte, and goes on behind it (spec 9).
 *
 * Not thread-safe; one thread at a time per reader.
 */
#ifndef PMT_READER_H
#define PMT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"
#include "pmt/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pmt_reader;
struct pmt_stream;

/* The envelope of a chunk (spec 4.2), or its label where it was skipped. */
struct pmt_envelope {
    uint32_t kind;
    uint64_t stream_key;
    uint64_t seq;
    uint32_t count;
    uint64_t t0, t1;         /* ticks */
    uint32_t epoch;
    uint64_t ordinal;        /* not in a label: 0 */
    uint64_t lost;
    uint64_t rss0;
    uint32_t align, model;
};

/* The zero value means the default in every field. */
struct pmt_reader_options {
    /* Bit PMT_KIND_x set: chunks of that kind are passed over by their label,
     * without being decompressed. They are still reported, as
     * PMT_EVENT_SKIPPED_CHUNK. */
    uint64_t skip_kinds;
    /* Only record chunks that touch [from, to] ticks-as-ns are decoded;
     * others are skipped as above. 0 for `to_ns` means no end. Time since
     * the stream began. */
    uint64_t from_ns, to_ns;
    /* Asked for each chunk with a label, of a known kind and of a stream whose
     * header was met: true passes it over as above. NULL: not asked. */
    bool (*pass_over)(void *context, const struct pmt_stream *stream,
                      const struct pmt_envelope *label);
    void *pass_over_context;
    /* Don't keep tables (pmt_stream_* look-ups then know nothing). */
    bool no_tables;
    /* Don't finish the trace from its journal (pmt_reader_open_path). */
    bool no_journal;
};

/* Opens `source` (taken over, also on failure). Reads the first bytes:
 * PMT_ERR_NOT_A_TRACE when it can't be a trace. */
int pmt_reader_open(struct pmt_reader **out, struct pmt_source *source,
                    const struct pmt_reader_options *options,
                    struct pmt_error *err);

/* Opens the file `path` ("-": standard input), with the older parts of its
 * stream beside it (pmt/parts.h); offsets are those in all of them, one after
 * the other. When a journal of a dead process lies beside it, its records are
 * given after the file's own, as if they were in it. */
int pmt_reader_open_path(struct pmt_reader **out, const char *path,
                         const struct pmt_reader_options *options,
                         struct pmt_error *err);

void pmt_reader_free(struct pmt_reader *r); /* NULL is allowed */

/*
 * From now on a thread of the reader's own reads, checks and decodes the
 * coming chunks, two at most, so that a second processor is used. Events and
 * errors are the same, in the same order; it takes some 12 MiB more. Not with
 * a pipe, or with options that ask more of a chunk than its kind: then, and
 * where no thread can be had, nothing changes and false is returned.
 */
bool pmt_reader_read_ahead(struct pmt_reader *r);

/* ---- what comes next --------------------------------------------------- */

enum pmt_event_type {
    PMT_EVENT_STREAM = 1,    /* a stream header: `stream` is new, or begins
                              * again, or `goes_on` in a later part */
    PMT_EVENT_TABLE,         /* table entries, taken into `stream`'s tables;
                              * read them as columns, rows = count */
    PMT_EVENT_RECORDS,       /* records, decoded */
    PMT_EVENT_END,           /* a stream's end chunk */
    PMT_EVENT_UNKNOWN,       /* a kind not known here: skipped */
    PMT_EVENT_FEATURES,      /* a chunk that needs unknown features: skipped */
    PMT_EVENT_UNREADABLE,    /* a column it must have has an unknown codec */
    PMT_EVENT_SKIPPED_CHUNK, /* passed over as the options ask */
    PMT_EVENT_REFUSED,       /* a stream of a greater major version, once */
    PMT_EVENT_DAMAGE,        /* `damage` says what and where */
    PMT_EVENT_FOREIGN,       /* a skippable frame that is not ours */
    PMT_EVENT_INDEX,         /* an index, found sound */
    PMT_EVENT_JOURNAL        /* what follows comes from the journal */
};

struct pmt_event {
    enum pmt_event_type type;
    uint64_t offset;         /* of the frame (its label) in the file */
    uint64_t frame_offset;   /* of the data frame itself */
    uint32_t frame_bytes;    /* compressed, without label; 0: not known */
    uint32_t content_bytes;  /* decompressed */
    bool has_label;
    bool from_journal;
    struct pmt_envelope envelope;
    struct pmt_stream *stream; /* never NULL but in DAMAGE, FOREIGN, INDEX and
                                * JOURNAL; where its header was not met,
                                * major is 0 and tick_ns 1; borrowed for the
                                * life of the reader */
    struct pmt_error damage; /* of DAMAGE: code TRUNCATED or CORRUPT */
    bool data_lost;          /* of DAMAGE: a chunk could not be used */
    uint64_t seq_missing;    /* chunks missing just before this one */
    /* of FEATURES: the numbers; borrowed until the next call */
    const uint64_t *features;
    size_t feature_count;
    /* of END */
    uint64_t end_chunks, end_records, end_lost;
    bool end_clean;          /* stopped as meant, */
    bool end_dump;           /* a dump; neither: recovered (5.2) */
    bool goes_on;            /* of STREAM: a later part of a stream that is
                              * known: all that is known of it stays (5.3) */
};

/*
 * The next thing in the file. PMT_OK: `event` is filled; what it points to is
 * borrowed until the next call. PMT_END: no more. Negative: the source
 * failed (PMT_ERR_IO) or memory ran out; damage is an event, not an error.
 */
int pmt_reader_next(struct pmt_reader *r, struct pmt_event *event,
                    struct pmt_error *err);

/* In which file byte `offset` of an event lies, where there are several parts
 * (pmt/parts.h). Not for events from a journal. */
struct pmt_place;
void pmt_reader_place(const struct pmt_reader *r, uint64_t offset,
                      struct pmt_place *place);

/* Bytes read and bytes in all (PMT_NO_OFFSET: not known), for progress. */
void pmt_reader_position(const struct pmt_reader *r, uint64_t *at,
                         uint64_t *of);

/* ---- the records of the last PMT_EVENT_RECORDS or _TABLE --------------- */

/* Column numbers (spec 7.1). */
enum pmt_column {
    PMT_COL_CLASS = 0,
    PMT_COL_TIME = 1,
    PMT_COL_THREAD = 2,
    PMT_COL_RSS = 3,
    PMT_COL_GAP = 4,
    PMT_COL_OFFSET = 5,
    PMT_COL_SIZE = 6,
    PMT_COL_STACK = 7,
    PMT_COL_RELEASE = 8,
    PMT_COL_ACQUIRE = 9,
    PMT_COL_EXPLICIT = 10,
    PMT_COL_RSS_READ = 11,
    PMT_COL_TYPE = 12,
    PMT_COL_DOMAIN = 13,
    PMT_COL_OP = 14,
    PMT_COL_PID = 15,
    PMT_COL_BLOCKS = 18,
    PMT_COL_GENERATION = 19,
    PMT_COL_COLLECTED = 20,
    PMT_COL_UNCOLLECTABLE = 21,
    PMT_COL_DURATION = 22,
    PMT_COL_EVENTS = 23,
    PMT_COL_ADDRESS = 24,    /* live; and what 8-10 decode to */
    PMT_COL_AGE = 25,
    PMT_COL_PPID = 26,
    PMT_COL_STARTED = 27,
    PMT_COL_STATUS = 28,
    PMT_COL_HOW = 29,
    PMT_COL_FIGURES = 32     /* 32 + i; anchors: 32 to 34 */
};

/*
 * The values of a column after its transform, one per record of the chunk,
 * or NULL when the chunk does not have it (its values are then 0). For alloc
 * and object, PMT_COL_ADDRESS gives the addresses, and PMT_COL_SIZE has a
 * value for every record (0 where the op has no size). Times are ticks. For
 * tables, the numbers of spec 6.2; column 1 of `string` is not here.
 * Borrowed until the next call of pmt_reader_next.
 */
const uint64_t *pmt_reader_column(struct pmt_reader *r, unsigned column);

/*
 * By record of an alloc or object chunk: the number, from 1, of an earlier
 * record of the chunk with the same address; 0: none is told (spec 7.2), which
 * need not mean that there is none. NULL for other kinds. Borrowed as above.
 */
const uint32_t *pmt_reader_links(struct pmt_reader *r);

/* The same as records, `envelope.count` of them; NULL when the chunk is of
 * another kind. Decoded at the first call. */
const struct pmt_alloc *pmt_reader_allocs(struct pmt_reader *r);
const struct pmt_object *pmt_reader_objects(struct pmt_reader *r);
const struct pmt_live *pmt_reader_lives(struct pmt_reader *r);
const struct pmt_process *pmt_reader_processes(struct pmt_reader *r);

/* Message `i` of a mark chunk; name of a snapshot chunk (i = 0). */
struct pmt_text pmt_reader_text(struct pmt_reader *r, uint32_t i);

/* Figures of a sample or heap chunk (body key 16), and user values of a
 * snapshot chunk (body key 17). */
struct pmt_figure {
    struct pmt_text name, unit;
    int64_t value;           /* snapshot: the value; else 0 gauge, 1 counter */
};
const struct pmt_figure *pmt_reader_figures(struct pmt_reader *r,
                                            size_t *count);

/* The values of figure `i` of those of a sample or heap chunk, one per record,
 * or NULL when the chunk has no column of it: it was not to be had. Borrowed
 * as pmt_reader_column is; of that column, PMT_COL_FIGURES + i, these are the
 * values as they are meant: they may be negative (spec 7.6). */
const int64_t *pmt_reader_figure(struct pmt_reader *r, size_t i);

/* Body keys 16-18 of a live chunk. */
void pmt_reader_live_part(struct pmt_reader *r, uint32_t *of_kind,
                          uint32_t *part, uint32_t *parts);

/* ---- streams and their tables ------------------------------------------ */

/* What an archived stream says of itself (spec 5.1, key 14). */
struct pmt_archive_note {
    bool there;
    uint8_t digest[32];      /* of the content that was archived */
    uint64_t chunk_records;  /* how many records a chunk may have */
    uint64_t split;          /* about how many bytes or ns a part has; 0: one */
};

/* What a stream header says (spec 5.1). Texts may be not known. */
struct pmt_stream_header {
    uint32_t major, minor;
    uint32_t clock;
    uint32_t tick_ns;
    uint64_t rss_unit;
    bool has_pid, has_ppid, has_boot, has_session, has_parent, has_rss_unit;
    uint64_t pid, ppid;
    struct pmt_text producer, executable, python, host, system;
    const struct pmt_text *argv;     /* NULL: not there */
    size_t argc;
    const struct pmt_text *hooks;    /* NULL: not there */
    size_t hook_count;
    const struct pmt_text *settings; /* name, value, ...; NULL: not there */
    size_t setting_count;            /* pairs */
    /* The stream is filtered (5.4), by these; NULL: it is not. */
    const struct pmt_text *filter;
    size_t filter_count;
    struct pmt_archive_note archive;
    uint8_t boot[16], session[16], parent[16], uuid[16];
    uint64_t start_mono_ns, start_uncertainty_ns;
    int64_t start_real_ns;
    uint32_t part;                   /* of the stream, spec 5.3 */
    /* Records of each kind before this part; bit PMT_KIND_x of
     * before_kinds: the header names it. */
    bool has_before;
    uint64_t before_kinds;
    uint64_t before[PMT_KIND_KNOWN];
};

/* Never NULL for a stream of an event; borrowed for the reader's life. */
const struct pmt_stream_header *pmt_stream_header(const struct pmt_stream *s);
uint64_t pmt_stream_key(const struct pmt_stream *s);
/* 0, 1, 2, ... in the order in which streams were met. */
unsigned pmt_stream_index(const struct pmt_stream *s);
/* True when `hook` is among the stream's hooks. */
bool pmt_stream_has_hook(const struct pmt_stream *s, const char *hook);

struct pmt_code {
    struct pmt_text file, function;
    uint32_t file_string, function_string; /* string ids */
    uint32_t first_line;
};
struct pmt_site {            /* one entry of the stack table */
    uint32_t parent;         /* stack id; 0: none */
    uint32_t code;           /* code id */
    uint32_t line;
};
struct pmt_type {
    struct pmt_text name;
    uint32_t name_string;
    uint32_t basic_size, item_size;
};
struct pmt_thread {
    uint64_t native_id, ident;
    struct pmt_text name;
    uint32_t name_string;
};
struct pmt_class {
    uint32_t kind, what, stack, type, cfunction;
};
struct pmt_cfunction {
    struct pmt_text name, module;
    uint32_t name_string, module_string; /* string ids */
};

/* Table look-ups: false and zeroed when the id is not (yet) stated. What they
 * point to is borrowed until the next call of pmt_reader_next. `s` may be
 * NULL: false. */
bool pmt_stream_string(const struct pmt_stream *s, uint32_t id,
                       struct pmt_text *out);
bool pmt_stream_code(const struct pmt_stream *s, uint32_t id,
                     struct pmt_code *out);
bool pmt_stream_site(const struct pmt_stream *s, uint32_t id,
                     struct pmt_site *out);
bool pmt_stream_type(const struct pmt_stream *s, uint32_t id,
                     struct pmt_type *out);
bool pmt_stream_thread(const struct pmt_stream *s, uint32_t id,
                       struct pmt_thread *out);
bool pmt_stream_class(const struct pmt_stream *s, uint32_t id,
                      struct pmt_class *out);
bool pmt_stream_cfunction(const struct pmt_stream *s, uint32_t id,
                          struct pmt_cfunction *out);
/* One more than the greatest id stated in the table of `kind`
 * (PMT_KIND_STRINGS .. PMT_KIND_CLASSES), for arrays by id. */
uint32_t pmt_stream_table_size(const struct pmt_stream *s,
                               enum pmt_kind kind);

#ifdef __cplusplus
}
#endif
#endif
