/*
 * writer.h - makes a trace: definitions and records in, frames out.
 *
 * A writer writes one stream. Records of all kinds are staged and leave
 * together as chunks of one kind each (spec 4) when one kind has
 * `chunk_records` of them, or at pmt_writer_flush. Tables are stated before
 * the first chunk of an epoch that needs them (spec 6.1).
 *
 * Not thread-safe; one thread at a time per writer.
 */
#ifndef PMT_WRITER_H
#define PMT_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"
#include "pmt/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is said of the process, once (spec 5.1). Strings are UTF-8 or bytes,
 * terminated, NULL when not known; copied. */
struct pmt_stream_info {
    uint8_t uuid[16];          /* random; the stream's key is its first 8
                                * bytes as a big-endian number */
    uint8_t parent_uuid[16];   /* all zero: no parent stream */
    uint8_t session_uuid[16];  /* all zero: none; shared by the processes
                                * that are recorded together */
    uint32_t part;             /* number of the part that begins (5.1); 0 */
    uint8_t boot_id[16];       /* all zero: not known */
    uint32_t tick_ns;          /* 1..1000000000 */
    uint32_t rss_unit;         /* bytes; 0 means 4096 */
    uint32_t clock;            /* id of the clock of ticks (5.1): 0 monotonic,
                                * 4 unknown, ... */
    uint64_t start_mono_ns;    /* CLOCK_MONOTONIC at stream time 0 */
    int64_t start_real_ns;     /* ns since 1970-01-01 UTC at that moment */
    uint32_t start_uncertainty_ns;
    const char *producer;      /* "pmtrace 0.1.0" */
    uint64_t pid, ppid;
    const char *const *argv;   /* argc strings, or NULL */
    size_t argc;
    const char *executable;
    const char *python;        /* "CPython 3.13.0 (...)" */
    const char *host;
    const char *system;        /* "Linux 6.1 x86_64" */
    const char *const *hooks;  /* hook_count names: "alloc:raw", ... (5.1) */
    size_t hook_count;
    /* Settings of the recorder as pairs of strings: name, value, ... */
    const char *const *settings;
    size_t setting_count;      /* pairs */
};

/* The zero value means the default in every field. */
struct pmt_writer_options {
    uint32_t chunk_records;    /* 1..65536; default 65536 */
    int level;                 /* of zstd; default 1 */
    uint32_t epoch_chunks;     /* record chunks in an epoch; default 64 */
    int no_labels;             /* write no labels and no index (spec 3) */
    int no_prediction;         /* address model 0 for alloc (spec 7.2) */
    /* To go on with a stream whose beginning is already in a file. */
    int resume;                /* no stream header chunk is written */
    uint64_t resume_offset;    /* bytes before what is written next, counted
                                * from the start of the file's region */
    uint32_t resume_seq;       /* next sequence number */
    uint32_t resume_epoch;     /* epoch that begins now */
    uint64_t resume_ordinal[PMT_KIND_KNOWN]; /* next ordinal by kind */
    uint64_t resume_lost[8];   /* by cause, as far as it was written */
    uint64_t resume_time;      /* tick: what is earlier gets this time */
};

struct pmt_writer;

/* Writes the stream header unless options->resume. `sink` is copied; `info`
 * and `options` are copied; options may be NULL. */
int pmt_writer_new(struct pmt_writer **out, const struct pmt_sink *sink,
                   const struct pmt_stream_info *info,
                   const struct pmt_writer_options *options,
                   struct pmt_error *err);

/* NULL is allowed. Writes nothing: what is staged is lost. */
void pmt_writer_free(struct pmt_writer *w);

/*
 * Definitions (spec 6). Ids are stream-wide, from 1, never change meaning;
 * giving one again is PMT_ERR_ARGUMENT, but for threads, where a new name
 * counts from then on. Text is copied; it need not be UTF-8.
 */
int pmt_writer_define_code(struct pmt_writer *w, uint32_t id,
                           const char *file, size_t file_bytes,
                           const char *function, size_t function_bytes,
                           uint32_t first_line, struct pmt_error *err);
int pmt_writer_define_stack(struct pmt_writer *w, uint32_t id,
                            uint32_t parent, uint32_t code, uint32_t line,
                            struct pmt_error *err);
int pmt_writer_define_type(struct pmt_writer *w, uint32_t id,
                           const char *name, size_t name_bytes,
                           uint32_t basic_size, uint32_t item_size,
                           struct pmt_error *err);
int pmt_writer_define_thread(struct pmt_writer *w, uint32_t id,
                             uint64_t native_id, uint64_t ident,
                             const char *name, size_t name_bytes,
                             struct pmt_error *err);
int pmt_writer_define_cfunction(struct pmt_writer *w, uint32_t id,
                                const char *name, size_t name_bytes,
                                const char *module, size_t module_bytes,
                                struct pmt_error *err);

/* A class of call or line records: the number that they hold. Numbers are a
 * series of their own, from 1; the id in the trace follows from it (see
 * pmt_call_class). `what` is an enum pmt_call_what or pmt_line_what, `stack`
 * the site. PMT_ERR_ARGUMENT also for a kind or `what` that is none. */
int pmt_writer_define_class(struct pmt_writer *w, uint32_t number,
                            enum pmt_kind kind, unsigned what, uint32_t stack,
                            uint32_t cfunction, struct pmt_error *err);

/*
 * The id of class `number` of the call and line records; 0 for 0. Of every
 * four ids the first two are for objects, whose lowest bit is the op (spec
 * 7.4), the others for call and line. So a trace tells the number of a class
 * without a table from one to the other, also after parts of it were lost.
 */
static inline uint32_t pmt_call_class(uint32_t number)
{
    return number ? ((number - 1) >> 1) * 4 + 2 + ((number - 1) & 1) : 0;
}
#define PMT_CLASS_NUMBER_MAX ((1u << 23) - 2) /* of a class: spec 10 */

/* Records. Time must not go back over all kinds of one writer: a smaller
 * value is raised to the last one. A stage that is full is written first. An
 * id over 2^24 - 1 (spec 10) is written as 0. PMT_ERR_ARGUMENT: an op or a
 * domain that is none; nothing was taken then. */
int pmt_writer_alloc(struct pmt_writer *w, const struct pmt_alloc *record,
                     struct pmt_error *err);
int pmt_writer_object(struct pmt_writer *w, const struct pmt_object *record,
                      struct pmt_error *err);
int pmt_writer_mark(struct pmt_writer *w, const struct pmt_mark *record,
                    struct pmt_error *err);
int pmt_writer_gc(struct pmt_writer *w, const struct pmt_gc *record,
                  struct pmt_error *err);
/* `kind` is PMT_KIND_CALL or PMT_KIND_LINE. PMT_ERR_ARGUMENT: another, or
 * the class is one of another kind. A class that is not defined is allowed:
 * it is written as not known. */
int pmt_writer_call(struct pmt_writer *w, enum pmt_kind kind,
                    const struct pmt_call *record, struct pmt_error *err);

/* Figures of the process (PMT_KIND_SAMPLE) or its allocators (PMT_KIND_HEAP).
 * `pid` 0: that of the stream. Records of the same figures, in the same
 * order, share a chunk. PMT_ERR_ARGUMENT: another kind, none or over 1024
 * figures, an empty name, one that is there twice, a text of over 65536
 * bytes. Texts are copied. */
int pmt_writer_figures(struct pmt_writer *w, enum pmt_kind kind,
                       uint64_t time, uint32_t thread, uint64_t pid,
                       const struct pmt_value *figures, size_t count,
                       struct pmt_error *err);

/* What was learnt of a process. Texts over 65536 bytes are cut; all are
 * copied. PMT_ERR_ARGUMENT: an op or a how that is none, or no pid. */
int pmt_writer_process(struct pmt_writer *w, const struct pmt_process *record,
                       struct pmt_error *err);

/* A live set, aggregated, written at once as one chunk of kind snapshot for
 * each 65536 rows. At most 1024 values. PMT_ERR_ARGUMENT as above. */
int pmt_writer_snapshot(struct pmt_writer *w, uint64_t time,
                        const char *name, size_t name_bytes,
                        const struct pmt_value *values, size_t value_count,
                        const struct pmt_snapshot_entry *rows, size_t count,
                        struct pmt_error *err);

/* A live set: the whole state of `kind` (ALLOC or OBJECT) at `time`, written
 * at once as chunks (7.11). Sorted by address here. */
int pmt_writer_live_set(struct pmt_writer *w, uint64_t time,
                        enum pmt_kind kind, const struct pmt_live *live,
                        size_t count, struct pmt_error *err);

/* Events lost so far by cause (free-running, spec 7.10): written into the
 * following chunks; a `loss` record is written at the next flush when the
 * numbers have grown. `lost` has PMT_LOSS_CAUSES entries. */
void pmt_writer_lost(struct pmt_writer *w, uint64_t time,
                     const uint64_t *lost);

/* A pair of clock values, for an `anchors` chunk at the next flush. Times of
 * anchors and losses must rise, but may lie ahead of records to come. */
void pmt_writer_anchor(struct pmt_writer *w, uint64_t time,
                       uint64_t mono_ns, int64_t real_ns,
                       uint32_t uncertainty_ns);

/* Records staged now, over all kinds. */
uint64_t pmt_writer_staged(const struct pmt_writer *w);

/* Bytes given to the sink so far plus resume_offset. */
uint64_t pmt_writer_offset(const struct pmt_writer *w);

/* Writes all that is staged. */
int pmt_writer_flush(struct pmt_writer *w, struct pmt_error *err);

/* Flush, the end chunk (clean: 1 when the program's recorder was stopped as
 * meant, 0 when recovered), and the index. No call but free may follow. */
int pmt_writer_finish(struct pmt_writer *w, int clean,
                      struct pmt_error *err);

/*
 * Ends the part and begins the next one (5.1): the index of all that went to
 * the old sink goes there; then everything goes to `sink` (copied), from
 * offset 0 on: first the stream's header with the next part number, at tick
 * `time`. A new epoch begins, which has no table stated. To be called after a
 * flush, with nothing staged, but anchors and losses that came since.
 * PMT_ERR_ARGUMENT: records are staged.
 */
int pmt_writer_begin_part(struct pmt_writer *w, const struct pmt_sink *sink,
                          uint64_t time, struct pmt_error *err);

/* Bytes of memory held now. */
uint64_t pmt_writer_memory(const struct pmt_writer *w);

#ifdef __cplusplus
}
#endif
#endif
