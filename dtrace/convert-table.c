/*
 * convert-table.c - the tables that pymemtrace's scripts print at their end:
 * how much was allocated, by caller and by size. Each becomes a snapshot: a
 * row a caller; how many blocks of which size are its values.
 *
 *     Python malloc byte distributions by engine caller:
 *        python`_PyObject_Realloc, total bytes = 608
 *                value  ------------- Distribution ------------- count
 *                  256 |                                         0
 *                  512 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1
 */
#include "convert-private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pmt/record.h"

#define VALUES_MAX 1024 /* spec 10 */
#define ROWS_MAX 65536

/* ---- a row -------------------------------------------------------------------- */

/* Blocks of `size` bytes and up, below the next size, of the caller at hand. */
static int add_value(struct dt_convert *c, uint64_t size, uint64_t blocks)
{
    struct dt_table *t = &c->table;
    char name[600];
    char *copy;
    void *p;

    if (t->value_count == VALUES_MAX || blocks > INT64_MAX) {
        c->report.unstated++;
        return PMT_OK;
    }
    p = dt_roomy(t->values, &t->value_room, t->value_count + 1,
                 sizeof *t->values);
    if (!p)
        return PMT_ERR_MEMORY;
    t->values = p;
    snprintf(name, sizeof name, "%.*s%s%.*s, %" PRIu64 " bytes and up",
             (int)(t->file.length < 250 ? t->file.length : 250),
             t->file.bytes, t->file.length ? " " : "",
             (int)(t->function.length < 250 ? t->function.length : 250),
             t->function.bytes, size);
    copy = strdup(name);
    if (!copy)
        return PMT_ERR_MEMORY;
    t->values[t->value_count++] = (struct pmt_value){
        .name = {copy, (uint32_t)strlen(copy)}, .unit = {"blocks", 6},
        .value = (int64_t)blocks,
    };
    return PMT_OK;
}

/* The process that a table is of: the log's one; 0 where none was named. */
static int table_process(struct dt_convert *c, struct pmt_error *err)
{
    if (c->table.process)
        return DT_USED;
    if (c->process_count > 1)
        return DT_BAD + DT_PROCESS;
    if (c->process_count == 0)
        return dt_process(c, 0, 0, &c->table.process, err);
    c->table.process = c->processes[0];
    return DT_USED;
}

/* The row at hand is over. */
static int end_row(struct dt_convert *c, struct pmt_error *err)
{
    struct dt_table *t = &c->table;
    struct dt_site site = {t->file, t->function, 0};
    int64_t stack;
    void *rows;
    int rc;

    if (!t->line)
        return PMT_OK;
    rc = t->counted ? table_process(c, err) : DT_BAD + DT_TABLE;
    if (rc < 0)
        return rc;
    if (rc != DT_USED || t->count == ROWS_MAX) {
        dt_unused(c, rc > DT_BAD ? (enum dt_cause)(rc - DT_BAD) : DT_TABLE,
                  t->line);
        t->line = 0;
        return PMT_OK;
    }
    rows = dt_roomy(t->rows, &t->room, t->count + 1, sizeof *t->rows);
    if (!rows)
        return pmt_error_set_memory(err);
    t->rows = rows;
    stack = dt_sites_stack(&t->process->stream.sites,
                           t->process->stream.writer, &site, 0, err);
    if (stack < 0)
        return (int)stack;
    t->rows[t->count++] = (struct pmt_snapshot_entry){
        .blocks = t->blocks, .bytes = t->bytes, .stack = (uint32_t)stack,
        .domain = PMT_DOMAIN_NATIVE,
    };
    c->report.table_rows++;
    t->line = 0;
    return PMT_OK;
}

static void clear(struct dt_table *t)
{
    for (size_t i = 0; i < t->value_count; i++)
        free((char *)t->values[i].name.bytes);
    t->value_count = 0;
    t->count = 0;
    t->name[0] = '\0';
    t->line = 0;
    t->process = NULL;
}

/* Two callers whose names are cut alike: values must differ in name. Returns
 * how many were left out. */
static size_t drop_doubles(struct dt_table *t)
{
    size_t kept = 0, all = t->value_count;

    for (size_t i = 0; i < t->value_count; i++) {
        bool met = false;

        for (size_t k = 0; k < kept && !met; k++)
            met = strcmp(t->values[k].name.bytes,
                         t->values[i].name.bytes) == 0;
        if (met)
            free((char *)t->values[i].name.bytes);
        else
            t->values[kept++] = t->values[i];
    }
    t->value_count = kept;
    return all - kept;
}

int dt_table_end(struct dt_convert *c, struct pmt_error *err)
{
    struct dt_table *t = &c->table;
    int rc = end_row(c, err);

    if (rc == PMT_OK && t->count > 0) {
        struct dt_stream *s = &t->process->stream;

        c->report.unstated += drop_doubles(t);
        /* Everything before it comes first. */
        rc = dt_stream_drain(s, err);
        if (rc == PMT_OK && s->writer)
            rc = pmt_writer_snapshot(s->writer, s->last - s->start, t->name,
                                     strlen(t->name), t->values, t->value_count,
                                     t->rows, t->count, err);
    }
    clear(t);
    return rc;
}

void dt_table_release(struct dt_table *t)
{
    clear(t);
    free(t->rows);
    free(t->values);
    pmt_buffer_release(&t->caller);
    *t = (struct dt_table){.line = 0};
}

/* ---- lines --------------------------------------------------------------------- */

/* "Python malloc byte distributions by engine caller:" */
static int take_title(struct dt_convert *c, struct dt_rest r,
                      struct pmt_error *err)
{
    static const char between[] = " byte distributions by ";
    struct dt_table *t = &c->table;
    const char *by = dt_find(&r, between, sizeof between - 1);
    struct dt_text what, whom;
    int rc;

    if (!by)
        return DT_NOT_MINE;
    what = (struct dt_text){r.p, (size_t)(by - r.p)};
    whom.bytes = by + sizeof between - 1;
    whom.length = (size_t)(r.end - whom.bytes);
    if (whom.length < 2 || what.length > 16 || whom.length > 40)
        return DT_NOT_MINE;
    rc = dt_table_end(c, err);
    if (rc < 0)
        return rc;
    snprintf(t->name, sizeof t->name, "%.*s by %.*s", (int)what.length,
             what.bytes, (int)(whom.length - 1), whom.bytes);
    return DT_OTHER;
}

/* "   CALLER, total bytes = 608 " or "   FILE, FUNCTION, bytes total = 72" */
static int take_caller(struct dt_convert *c, struct dt_rest r,
                       struct pmt_error *err)
{
    static const char engine[] = ", total bytes = ";
    static const char python[] = ", bytes total = ";
    struct dt_table *t = &c->table;
    bool is_python = false;
    const char *at = dt_find(&r, engine, sizeof engine - 1), *split, *text;
    struct dt_rest number;
    size_t n;
    int rc;

    if (!at) {
        at = dt_find(&r, python, sizeof python - 1);
        is_python = true;
    }
    if (!at)
        return DT_NOT_MINE;
    number = (struct dt_rest){at + sizeof engine - 1, r.end};
    rc = end_row(c, err);
    if (rc < 0)
        return rc;
    if (!t->name[0] || !dt_number(&number, &t->bytes))
        return DT_BAD + DT_TABLE;
    dt_skip_spaces(&number);
    if (number.p != number.end)
        return DT_BAD + DT_TABLE;
    n = (size_t)(at - r.p);
    t->caller.used = 0;
    if (pmt_buffer_append(&t->caller, r.p, n) < 0)
        return pmt_error_set_memory(err);
    text = (const char *)t->caller.bytes;
    split = n == 0      ? NULL
            : is_python ? memmem(text, n, ", ", 2)
                        : memchr(text, '`', n);
    t->file = (struct dt_text){n ? text : "", split ? (size_t)(split - text)
                                                    : 0};
    t->function = t->file;
    if (split)
        t->function.bytes = split + (is_python ? 2 : 1);
    t->function.length = n - (size_t)(t->function.bytes - t->file.bytes);
    t->blocks = 0;
    t->counted = false;
    t->line = c->line;
    return DT_OTHER;
}

/* "     512 |@@@@@@@@@     1" */
static int take_row(struct dt_convert *c, struct dt_rest r,
                    struct pmt_error *err)
{
    struct dt_table *t = &c->table;
    uint64_t size, blocks;

    if (dt_skip_word(&r, "value  ----"))
        return t->line ? DT_OTHER : DT_BAD + DT_TABLE;
    if (!dt_number(&r, &size) || !dt_skip(&r, ' ') || !dt_skip(&r, '|'))
        return DT_NOT_MINE;
    while (r.p < r.end && (*r.p == '@' || *r.p == ' '))
        r.p++;
    if (!t->line || !dt_number(&r, &blocks))
        return DT_BAD + DT_TABLE;
    dt_skip_spaces(&r);
    if (r.p != r.end)
        return DT_BAD + DT_TABLE;
    t->counted = true;
    t->blocks += blocks;
    return blocks && add_value(c, size, blocks) < 0
               ? pmt_error_set_memory(err)
               : DT_OTHER;
}

int dt_take_table(struct dt_convert *c, struct dt_rest r,
                  struct pmt_error *err)
{
    int rc;

    if (dt_skip_word(&r, "Python "))
        return take_title(c, r, err);
    if (r.p == r.end || *r.p != ' ' || (!c->table.name[0] && !c->table.line))
        return DT_NOT_MINE;
    dt_skip_spaces(&r);
    rc = take_row(c, r, err);
    return rc == DT_NOT_MINE ? take_caller(c, r, err) : rc;
}
