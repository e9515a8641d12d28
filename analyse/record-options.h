/*
 * record-options.h - the options of `pmt record` and `pmt attach`, and the
 * settings that they stand for.
 */
#ifndef PMT_RECORD_OPTIONS_H
#define PMT_RECORD_OPTIONS_H

#include "cli/options.h"
#include "record.h"

/* Bits of `modes`. */
#define PMT_RECORD_OBJECT 2u
#define PMT_RECORD_SNAPSHOT 16u

/* Names are those of the settings (recorder/pmtrace/_options.py). */
struct pmt_record_options {
    struct pmt_common common; /* must come first */
    const char *output;
    bool force, always;
    uint32_t modes, domains, sample_groups;
    bool builtins, c_calls, children, collect, count_types, object_rss, opcodes,
        snapshot_marks, snapshot_records, track;
    int64_t chunk_records, dump_max, dump_signal, frames, heap_ms, level,
        max_age, object_frames, rss_ms, rss_us, sample_ms, segments, snapshot_ms,
        snapshot_signal, tick_ns;
    uint64_t dump_rss, max_block, max_size, min_block, rss_trigger,
        sample_bytes;
    const char *dump_marks, *files, *types;
    int when_full;
    uint64_t wait; /* ns; of pmt attach */
};

/* In the order of MODES in pmtrace/_options.py. */
extern const char *const pmt_record_modes[];
extern const char *const pmt_record_domains[];
extern const char *const pmt_record_groups[];
extern const char *const pmt_record_when_full[];

/* USR1, SIGUSR1 or 10; 90, 90s, 10m, 2h or 7d: for int64_t. */
pmt_option_callback pmt_record_signal, pmt_record_seconds;

#define PMT_RECORD_DAY_MS 86400000

/* The rows that both commands have, of the structure type O. */
#define PMT_RECORD_ROWS_WHAT(O)                                               \
    PMT_OPT_SET(0, "mode", "MODE,...", O, modes, pmt_record_modes,            \
                "what to record", .preset = "alloc"),                         \
    PMT_OPT_FLAG(0, "always", O, always,                                      \
                 "sampled, with rss and heap, in at most 256M: for leaving "  \
                 "on; other options change it")

#define PMT_RECORD_ROWS(O)                                                    \
    PMT_OPT_NEGATABLE(0, "collect", O, collect,                               \
                      "collect garbage before the end"),                      \
    PMT_OPT_HEADING("Stacks"),                                                \
    PMT_OPT_INT(0, "frames", "N", O, frames,                                  \
                "Python frames kept with an alloc record", .preset = "32",    \
                .low = 0, .high = 1024),                                      \
    PMT_OPT_INT(0, "object-frames", "N", O, object_frames,                    \
                "Python frames kept with an object record", .preset = "1",    \
                .low = 0, .high = 1024),                                      \
    PMT_OPT_HEADING("Which events"),                                          \
    PMT_OPT_STRING(0, "files", "GLOB,...", O, files,                          \
                   "only where the innermost Python file matches; !GLOB "     \
                   "takes away"),                                             \
    PMT_OPT_STRING(0, "types", "GLOB,...", O, types,                          \
                   "object: only types whose name matches; !GLOB takes away"),\
    PMT_OPT_NEGATABLE(0, "builtins", O, builtins,                             \
                      "object: types of the module builtins too",             \
                      .preset = "on"),                                        \
    PMT_OPT_SIZE(0, "min-block", "SIZE", O, min_block,                        \
                 "alloc: only requests of so many bytes or more",             \
                 .preset = "0"),                                              \
    PMT_OPT_SIZE(0, "max-block", "SIZE", O, max_block,                        \
                 "alloc: only requests of so many bytes or fewer; 0 for no "  \
                 "limit",                                                     \
                 .preset = "0"),                                              \
    PMT_OPT_SET(0, "domains", "DOMAIN,...", O, domains, pmt_record_domains,   \
                "alloc: only these domains; all without it"),                 \
    PMT_OPT_SIZE(0, "sample-bytes", "SIZE", O, sample_bytes,                  \
                 "alloc: one sample in so many bytes; 0 for everything",      \
                 .preset = "0"),                                              \
    PMT_OPT_NEGATABLE(0, "c-calls", O, c_calls, "call: C functions too",      \
                      .preset = "on"),                                        \
    PMT_OPT_NEGATABLE(0, "opcodes", O, opcodes, "line: opcodes too"),         \
    PMT_OPT_SIZE(0, "rss-trigger", "SIZE", O, rss_trigger,                    \
                 "call, line: only events where the resident set has moved "  \
                 "by so much, and the one before; 0 for every event",         \
                 .preset = "0"),                                              \
    PMT_OPT_HEADING("Figures"),                                               \
    PMT_OPT_INT(0, "rss-us", "N", O, rss_us,                                  \
                "at events, the resident set is read at most every N us; 0: " \
                "not at events",                                              \
                .preset = "100", .low = 0, .high = 1000000000),               \
    PMT_OPT_INT(0, "rss-ms", "N", O, rss_ms, "rss: a record every N ms",      \
                .preset = "100", .low = 1, .high = 3600000),                  \
    PMT_OPT_INT(0, "sample-ms", "N", O, sample_ms,                            \
                "sample: a record every N ms", .preset = "500", .low = 1,     \
                .high = 3600000),                                             \
    PMT_OPT_SET(0, "sample-groups", "GROUP,...", O, sample_groups,            \
                pmt_record_groups,                                            \
                "sample: which figures; memory, cpu and status without it"),  \
    PMT_OPT_INT(0, "heap-ms", "N", O, heap_ms,                                \
                "heap: a record every N ms; 0: at start, marks and end",      \
                .preset = "10000", .low = 0, .high = PMT_RECORD_DAY_MS),      \
    PMT_OPT_INT(0, "snapshot-ms", "N", O, snapshot_ms,                        \
                "snapshot: one every N ms; 0: none by time", .preset = "0",   \
                .low = 0, .high = PMT_RECORD_DAY_MS),                         \
    PMT_OPT_NEGATABLE(0, "snapshot-marks", O, snapshot_marks,                 \
                      "snapshot: one at every mark"),                         \
    PMT_OPT_CALLBACK(0, "snapshot-signal", "SIGNAL", O, snapshot_signal,      \
                     pmt_record_signal,                                       \
                     "snapshot: one at this signal, as USR1; 0: none",        \
                     .preset = "0"),                                          \
    PMT_OPT_NEGATABLE(0, "snapshot-records", O, snapshot_records,             \
                      "snapshot: the alloc records too"),                     \
    PMT_OPT_NEGATABLE(0, "track", O, track,                                   \
                      "alloc: keep the live set in memory, for "              \
                      "get_traced_memory()"),                                 \
    PMT_OPT_NEGATABLE(0, "count-types", O, count_types,                       \
                      "object: keep live counts by type, for "                \
                      "live_counts()"),                                       \
    PMT_OPT_NEGATABLE(0, "object-rss", O, object_rss,                         \
                      "object: the resident set too, read as --rss-us says"), \
    PMT_OPT_HEADING("The trace"),                                             \
    PMT_OPT_CHOICE(0, "when-full", "WHAT", O, when_full, pmt_record_when_full,\
                   "drop events or wait when no buffer is free",              \
                   .preset = "wait"),                                         \
    PMT_OPT_INT(0, "tick", "NS", O, tick_ns,                                  \
                "resolution of time in the trace", .preset = "100", .low = 1, \
                .high = 1000000000),                                          \
    PMT_OPT_INT(0, "level", "N", O, level, "compression level of zstd",       \
                .preset = "1", .low = -7, .high = 19),                        \
    PMT_OPT_INT(0, "chunk-records", "N", O, chunk_records,                    \
                "most records in a chunk", .preset = "65536", .low = 1,       \
                .high = 65536),                                               \
    PMT_OPT_INT(0, "segments", "N", O, segments,                              \
                "buffers of 128 KiB, one of which each thread holds",         \
                .preset = "64", .low = 4, .high = 65536),                     \
    PMT_OPT_HEADING("Flight recorder"),                                       \
    PMT_OPT_SIZE(0, "max-size", "SIZE", O, max_size,                          \
                 "keep the newest so many bytes of trace, 4M or more; 0 for " \
                 "all of it",                                                 \
                 .preset = "0"),                                              \
    PMT_OPT_CALLBACK(0, "max-age", "TIME", O, max_age, pmt_record_seconds,    \
                     "keep the newest so much time, as 10m; 0 for all of it", \
                     .preset = "0"),                                          \
    PMT_OPT_CALLBACK(0, "dump-signal", "SIGNAL", O, dump_signal,              \
                     pmt_record_signal,                                       \
                     "copy what is kept to a file at this signal, as USR1; "  \
                     "0: none",                                               \
                     .preset = "0"),                                          \
    PMT_OPT_STRING(0, "dump-marks", "GLOB,...", O, dump_marks,                \
                   "the same at marks whose text matches; !GLOB takes away"), \
    PMT_OPT_SIZE(0, "dump-rss", "SIZE", O, dump_rss,                          \
                 "the same when the resident set gets over so many bytes; "   \
                 "0: never",                                                  \
                 .preset = "0"),                                              \
    PMT_OPT_INT(0, "dump-max", "N", O, dump_max,                              \
                "at most so many of these files a process", .preset = "8",    \
                .low = 0, .high = 1000000)

/*
 * Parses argv, with what --always stands for before it if that is there;
 * `options` is zero. Prints one line and returns a status where something is
 * wrong: with the options together, or with the name of the trace.
 */
int pmt_record_parse(const struct pmt_command *command, int argc,
                     char **argv, struct pmt_record_options *options);

/* Whether the trace of this name (of `-o`, absolute) could be made, as far as
 * it can be known here. A status; what is wrong is printed. */
int pmt_record_check_output(const char *name, bool force);

/*
 * The settings as PMTRACE has them, a setting for each row of the table. On
 * the heap; NULL without memory. `output` is the trace's name, `verbose` as
 * in PMTRACE.
 */
char *pmt_record_settings(const struct pmt_option *table,
                          struct pmt_record_options *options,
                          const char *output, bool verbose);

#endif
