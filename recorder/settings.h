/*
 * settings.h - what a recording was asked for, as the hooks read it.
 *
 * Names are those of the arguments of pmtrace.Recorder. No Python here.
 */
#ifndef REC_SETTINGS_H
#define REC_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define REC_GLOBS_MAX 4096
#define REC_RING_LEAST (4u << 20)

/* A number that is 0 or 1 is a switch. */
struct rec_settings {
    uint32_t modes;
    uint32_t force;           /* replace what is there */
    uint32_t wait;            /* wait for a free segment, lose nothing */
    uint32_t segments;        /* 0: the default */
    uint32_t tick_ns;
    int32_t level;
    uint32_t chunk_records;

    uint32_t frames;          /* 0..REC_FRAMES_MAX; of alloc records */
    uint32_t object_frames;   /* the same, of object records */

    /* call, line */
    uint32_t c_calls;         /* call: C functions too */
    uint32_t opcodes;         /* line: opcodes too */
    uint64_t rss_trigger;     /* bytes; 0: every event. Only events at which
                               * the resident set size has moved by so much
                               * since the last recorded one, and the event
                               * before each of them */
    /* call, line, object */
    uint32_t rss_us;          /* at events, read it when the last value is
                               * older than this; 0: not at events */

    /* object, alloc: which to record. Lists of globs as in fnmatch(3),
     * separated by commas; a glob after `!` takes away; empty: all. */
    char types[REC_GLOBS_MAX];  /* object: names of types */
    char files[REC_GLOBS_MAX];  /* file of the innermost Python frame */
    uint32_t builtins;        /* object: types of the module builtins too */
    uint64_t min_block, max_block; /* alloc: bytes; max_block 0: no limit */
    uint32_t domains;         /* alloc: 1 raw | 2 mem | 4 obj; 0: all */
    uint64_t sample_bytes;    /* alloc: 0, or one sample in so many bytes */
    uint32_t track;           /* alloc: keep the live set in memory */
    uint32_t count_types;     /* object: keep live counts by type */
    uint32_t object_rss;      /* object: the resident set too */

    uint32_t rss_ms;          /* rss: a record every so often */
    uint32_t sample_ms;       /* sample: the same */
    uint32_t sample_groups;   /* sample: enum rec_proc_group as bits; 0: the
                               * usual ones */
    uint32_t heap_ms;         /* heap: the same; 0: at start, marks, stop */
    uint32_t snapshot_ms;     /* snapshot: the same */
    uint32_t snapshot_marks;  /* snapshot: at every mark */
    uint32_t snapshot_signal; /* snapshot: at this signal; 0: none */
    uint32_t snapshot_records; /* 0: snapshot alone leaves out the records */

    /* The flight recorder: what of the trace is kept, and when it is copied
     * to a file of its own. */
    uint64_t max_size;        /* bytes of all parts and the journal; 0: no
                               * limit, else REC_RING_LEAST or more */
    uint32_t max_age;         /* seconds; 0: no limit */
    uint32_t dump_signal;     /* a dump at this signal; 0: none */
    uint32_t dump_max;        /* most dumps of a process, r.dump() apart */
    uint64_t dump_rss;        /* bytes; a dump when the resident set gets over
                               * it; 0: none */
    char dump_marks[REC_GLOBS_MAX]; /* a dump at marks whose text matches */

    uint32_t children;        /* the child of a fork is recorded too */
};

/* Of the recording that runs. Written before the hooks are put in. */
extern struct rec_settings rec_set;

#endif
