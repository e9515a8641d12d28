/* writer-sets.c - live sets and snapshots: written at once (spec 7.7, 7.11). */
#include <stdlib.h>
#include <string.h>

#include "writer-private.h"

/* ---- live sets ---------------------------------------------------------- */

/* What one of these refers to, but for what the one before it did. */
static int want_live(struct pmt_writer *w, const struct pmt_kept *v, size_t n,
                     struct pmt_error *err)
{
    uint32_t stack = 0, type = 0, thread = 0;
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && i < n; i++) {
        if (v[i].stack != stack) {
            stack = v[i].stack;
            rc = pmt_defs_want(w->defs, PMT_TABLE_STACKS, stack);
        }
        if (rc == PMT_OK && v[i].type != type) {
            type = v[i].type;
            rc = pmt_defs_want(w->defs, PMT_TABLE_TYPES, type);
        }
        if (rc == PMT_OK && v[i].thread != thread) {
            thread = v[i].thread;
            rc = pmt_defs_want(w->defs, PMT_TABLE_THREADS, thread);
        }
    }
    return rc < 0 ? pmt_error_set_memory(err) : PMT_OK;
}

int pmt_writer_put_live(struct pmt_writer *w, enum pmt_kind kind,
                        const struct pmt_kept *live, size_t count,
                        struct pmt_error *err)
{
    const size_t each = PMT_CHUNK_RECORDS_MAX;
    size_t parts = count ? (count + each - 1) / each : 1;
    uint64_t time = w->last_time;
    int rc = want_live(w, live, count, err);

    rc = rc < 0 ? rc : pmt_writer_put_tables(w, time, err);
    for (size_t part = 0; rc == PMT_OK && part < parts; part++) {
        size_t at = part * each;
        size_t n = count - at < each ? count - at : each;

        const struct pmt_envelope e = {.kind = PMT_KIND_LIVE_SET,
                                       .count = (uint32_t)n,
                                       .t0 = time,
                                       .t1 = time};

        if (pmt_encode_live(w->encoder, &w->body, time, kind, live + at, n,
                            (uint32_t)part, (uint32_t)parts) < 0) {
            rc = pmt_error_set_memory(err);
        }
        rc = rc < 0 ? rc : pmt_writer_put(w, &e, err);
    }
    return rc;
}

int pmt_writer_live_set(struct pmt_writer *w, uint64_t time,
                        enum pmt_kind kind, const struct pmt_live *live,
                        size_t count, struct pmt_error *err)
{
    struct pmt_kept *sorted = malloc((count ? count : 1) * sizeof *sorted);
    int rc = pmt_writer_flush(w, err);

    if (!sorted) {
        return pmt_error_set_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct pmt_kept){
            .address = live[i].address,
            .size = live[i].size,
            .time = live[i].time,
            .stack = pmt_possible_id(live[i].stack),
            .thread = pmt_possible_id(live[i].thread),
            .type = pmt_possible_id(live[i].type) & PMT_ID_MAX,
            .domain = live[i].domain & 3};
    }
    pmt_kept_sort(sorted, count);
    pmt_writer_raise(w, time);
    rc = rc < 0 ? rc : pmt_writer_put_live(w, kind, sorted, count, err);
    free(sorted);
    return rc;
}

/* ---- snapshots ---------------------------------------------------------- */

/* One chunk of it. */
static int put_snapshot(struct pmt_writer *w, uint64_t time,
                        const struct pmt_text *name,
                        const struct pmt_value *values, size_t value_count,
                        const struct pmt_snapshot_entry *rows, size_t count,
                        struct pmt_error *err)
{
    const struct pmt_envelope e = {.kind = PMT_KIND_SNAPSHOT,
                                   .count = (uint32_t)count,
                                   .t0 = time,
                                   .t1 = time};

    if (pmt_encode_snapshot(w->encoder, &w->body, name, values, value_count,
                            rows, count) < 0) {
        return pmt_error_set_memory(err);
    }
    return pmt_writer_put(w, &e, err);
}

int pmt_writer_snapshot(struct pmt_writer *w, uint64_t time,
                        const char *name, size_t name_bytes,
                        const struct pmt_value *values, size_t value_count,
                        const struct pmt_snapshot_entry *rows, size_t count,
                        struct pmt_error *err)
{
    const struct pmt_text text = {
        name,
        (uint32_t)(name_bytes < PMT_TEXT_MAX ? name_bytes : PMT_TEXT_MAX)};
    const size_t each = PMT_CHUNK_RECORDS_MAX;
    size_t at = 0;
    int rc = pmt_values_check(values, value_count, false, err);

    for (size_t i = 0; rc == PMT_OK && i < count; i++) {
        if (rows[i].domain > PMT_DOMAIN_NATIVE) {
            rc = pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                               "a row has a domain that is none");
        }
    }
    rc = rc < 0 ? rc : pmt_writer_flush(w, err);
    for (size_t i = 0; rc == PMT_OK && i < count; i++) {
        if (pmt_defs_want(w->defs, PMT_TABLE_STACKS, rows[i].stack) < 0 ||
            pmt_defs_want(w->defs, PMT_TABLE_TYPES, rows[i].type) < 0) {
            rc = pmt_error_set_memory(err);
        }
    }
    time = rc < 0 ? time : pmt_writer_raise(w, time);
    rc = rc < 0 ? rc : pmt_writer_put_tables(w, time, err);
    do {
        size_t n = count - at < each ? count - at : each;

        rc = rc < 0 ? rc : put_snapshot(w, time, &text, values, value_count,
                                        rows + at, n, err);
        at += n;
    } while (rc == PMT_OK && at < count);
    return rc;
}
