/*
 * convert-sums.c - the distributions of our own scripts, as bpftrace prints
 * them: blocks and bytes by process, size, line, function and file.
 *
 *     @blocks[24120, 64, 12, __init__, /srv/w3.py]: 5
 *     @bytes[24120, 64, 12, __init__, /srv/w3.py]: 412
 *
 * The second number is the smallest size of a power of two's range; 0 is 0.
 * They become one snapshot a process, in which a row is a site and a range;
 * the range is the row's label.
 */
#include "convert-private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pmt/record.h"

/* "64 to 127 bytes" as a label, and the site below it. */
static int64_t sum_stack(struct dt_process *p, uint64_t bucket,
                         const struct dt_site *site, struct pmt_error *err)
{
    char range[64];
    struct dt_site label = {{"<label>", 7}, {range, 0}, 0};
    int64_t root;

    if (bucket < 2)
        snprintf(range, sizeof range, "%" PRIu64 " bytes", bucket);
    else
        snprintf(range, sizeof range, "%" PRIu64 " to %" PRIu64 " bytes",
                 bucket, bucket * 2 - 1);
    label.function.length = strlen(range);
    root = dt_sites_stack(&p->stream.sites, p->stream.writer, &label, 0, err);
    return root < 0 ? root
                    : dt_sites_stack(&p->stream.sites, p->stream.writer, site,
                                     (uint32_t)root, err);
}

static int new_sum(struct dt_convert *c, struct dt_text key, uint64_t hash,
                   const struct dt_sum *sum, struct pmt_error *err)
{
    void *p = dt_roomy(c->sums, &c->sum_room, c->sum_count + 1,
                       sizeof *c->sums);

    if (!p)
        return pmt_error_set_memory(err);
    c->sums = p;
    if (dt_keys_add(&c->sum_keys, key.bytes, key.length, hash,
                    (uint32_t)c->sum_count + 1) < 0)
        return pmt_error_set_memory(err);
    c->sums[c->sum_count++] = *sum;
    return PMT_OK;
}

/* "24120, 64, 12, __init__, /srv/w3.py" */
static bool read_key(struct dt_rest r, uint64_t *pid, uint64_t *bucket,
                     struct dt_site *site)
{
    const char *comma;

    if (!dt_number(&r, pid) || !dt_skip_word(&r, ", ") ||
        !dt_number(&r, bucket) || !dt_skip_word(&r, ", ") ||
        !dt_number(&r, &site->line) || !dt_skip_word(&r, ", ") ||
        (*bucket & (*bucket - 1)) != 0)
        return false;
    comma = dt_find(&r, ", ", 2);
    if (!comma)
        return false;
    site->function = (struct dt_text){r.p, (size_t)(comma - r.p)};
    site->file = (struct dt_text){comma + 2, (size_t)(r.end - comma - 2)};
    return true;
}

/* The sum of a key, new or not. DT_USED, DT_BAD + a cause, or an error. */
static int find_sum(struct dt_convert *c, struct dt_text key,
                    struct dt_sum **out, struct pmt_error *err)
{
    struct dt_rest r = {key.bytes, key.bytes + key.length};
    struct dt_sum sum = {.blocks = 0};
    struct dt_site site;
    uint64_t hash, pid;
    int64_t stack;
    uint32_t number = dt_keys_find(&c->sum_keys, key.bytes, key.length,
                                   &hash);
    int rc;

    if (!number) {
        if (!read_key(r, &pid, &sum.bucket, &site))
            return DT_BAD + DT_FIELD;
        rc = dt_process(c, pid, c->options.mono_ns, &sum.process, err);
        if (rc != DT_USED)
            return rc;
        stack = sum_stack(sum.process, sum.bucket, &site, err);
        if (stack < 0)
            return (int)stack;
        sum.stack = (uint32_t)stack;
        rc = new_sum(c, key, hash, &sum, err);
        if (rc < 0)
            return rc;
        number = (uint32_t)c->sum_count;
    }
    *out = &c->sums[number - 1];
    return DT_USED;
}

int dt_take_sum(struct dt_convert *c, struct dt_rest r, struct pmt_error *err)
{
    bool bytes = false;
    struct dt_rest end;
    struct dt_sum *sum = NULL;
    const char *close;
    uint64_t value;
    int rc;

    if (!dt_skip_word(&r, "@blocks[")) {
        if (!dt_skip_word(&r, "@bytes["))
            return DT_NOT_MINE;
        bytes = true;
    }
    close = r.p < r.end ? memrchr(r.p, ']', (size_t)(r.end - r.p)) : NULL;
    end = (struct dt_rest){close, r.end};
    if (!close || !dt_skip_word(&end, "]: ") || !dt_number(&end, &value) ||
        end.p != end.end)
        return DT_BAD + DT_FIELD;
    rc = find_sum(c, (struct dt_text){r.p, (size_t)(close - r.p)}, &sum, err);
    if (rc != DT_USED)
        return rc;
    if (bytes) {
        sum->bytes += value;
        sum->has_bytes = true;
    } else {
        sum->blocks += value;
        sum->has_blocks = true;
    }
    return DT_OTHER;
}

static int write_sums(struct dt_convert *c, struct dt_process *p,
                      struct pmt_snapshot_entry *rows, struct pmt_error *err)
{
    static const char name[] = "blocks asked for, by size and site";
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < c->sum_count; i++) {
        const struct dt_sum *s = &c->sums[i];

        if (s->process == p && s->has_blocks && s->has_bytes)
            rows[n++] = (struct pmt_snapshot_entry){
                .blocks = s->blocks, .bytes = s->bytes, .stack = s->stack,
                .domain = PMT_DOMAIN_NATIVE};
    }
    if (!n)
        return PMT_OK;
    c->report.table_rows += n;
    rc = dt_stream_drain(&p->stream, err);
    return rc < 0 || !p->stream.writer
               ? rc
               : pmt_writer_snapshot(p->stream.writer,
                                        p->stream.last - p->stream.start,
                                        name, sizeof name - 1, NULL, 0, rows,
                                        n, err);
}

int dt_sums_end(struct dt_convert *c, struct pmt_error *err)
{
    struct pmt_snapshot_entry *rows;
    int rc = PMT_OK;

    if (!c->sum_count)
        return PMT_OK;
    rows = malloc(c->sum_count * sizeof *rows);
    if (!rows)
        return pmt_error_set_memory(err);
    for (size_t i = 0; rc == PMT_OK && i < c->process_count; i++)
        rc = write_sums(c, c->processes[i], rows, err);
    for (size_t i = 0; i < c->sum_count; i++)
        if (!c->sums[i].has_blocks || !c->sums[i].has_bytes)
            dt_unused(c, DT_TABLE, c->line);
    free(rows);
    c->sum_count = 0;
    dt_keys_release(&c->sum_keys);
    return rc;
}
