/* report.c - what became of a log (report.h). */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/errors.h"
#include "cli/json.h"
#include "cli/text.h"

/* "17, 203, 204, ..." */
static void line_numbers(const struct dt_unused *u, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < u->count && i < DT_CAUSE_LINES && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64,
                                 i ? ", " : "", u->lines[i]);
    if (u->count > DT_CAUSE_LINES && used < size)
        snprintf(text + used, size - used, ", ...");
}

static void warn_unused(const char *name, const struct dt_report *r)
{
    for (int i = 0; i < DT_CAUSES; i++) {
        const struct dt_unused *u = &r->causes[i];
        char lines[160], count[PMT_TEXT_SIZE];

        if (!u->count)
            continue;
        line_numbers(u, lines, sizeof lines);
        pmt_warn("%s: %s line%s not used, %s: line%s %s", name,
                 pmt_text_count(count, u->count), pmt_text_plural(u->count),
                 dt_cause_text((enum dt_cause)i), pmt_text_plural(u->count),
                 lines);
    }
}

static void warn_count(const char *name, uint64_t n, const char *what)
{
    char count[PMT_TEXT_SIZE];

    if (n > 0)
        pmt_warn("%s: %s %s", name, pmt_text_count(count, n), what);
}

static void note_count(const char *name, uint64_t n, const char *what)
{
    char count[PMT_TEXT_SIZE];

    if (n > 0)
        pmt_note("%s: %s %s", name, pmt_text_count(count, n), what);
}

void dt_report_text(const char *name, const struct dt_report *r,
                    size_t processes)
{
    const struct dt_totals *t = &r->totals;
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];

    warn_unused(name, r);
    warn_count(name, r->lost, "events lost by the tracer");
    warn_count(name, t->late,
               "events too far out of order: they have a later time");
    warn_count(name, r->unreadable,
               "sites left out: their names are no text");
    warn_count(name, r->unstated,
               "sites, threads or sizes left out: a trace holds no more");
    if (!r->timed && r->events > 0)
        pmt_note("%s: has no times: the trace counts lines", name);
    pmt_note("%s: %s lines, %s of them with events, of %zu process%s", name,
             pmt_text_count(a, r->lines), pmt_text_count(b, r->used),
             processes, processes == 1 ? "" : "es");
    pmt_note("%s: %s blocks had, %s given back, %s live at the end", name,
             pmt_text_count(a, t->mallocs), pmt_text_count(b, t->frees),
             pmt_text_count(c, t->blocks_live));
    note_count(name, t->before, "frees of blocks from before");
    note_count(name, r->null_frees, "frees of NULL");
    note_count(name, r->failed, "calls that gave no block");
    note_count(name, t->unseen, "blocks whose free was not seen");
    note_count(name, r->nested, "calls inside calls");
    note_count(name, t->calls, "calls and returns");
    note_count(name, t->gcs, "starts and ends of garbage collections");
    note_count(name, r->table_rows, "rows of tables");
}

static void json_unused(struct pmt_json *json, const struct dt_report *r)
{
    pmt_json_object_begin(json, "causes");
    for (int i = 0; i < DT_CAUSES; i++) {
        const struct dt_unused *u = &r->causes[i];

        if (!u->count)
            continue;
        pmt_json_object_begin(json, dt_cause_name((enum dt_cause)i));
        pmt_json_u64(json, "count", u->count);
        pmt_json_array_begin(json, "lines");
        for (size_t k = 0; k < u->count && k < DT_CAUSE_LINES; k++)
            pmt_json_u64(json, NULL, u->lines[k]);
        pmt_json_array_end(json);
        pmt_json_object_end(json);
    }
    pmt_json_object_end(json);
}

void dt_report_json(const char *name, const struct dt_report *r,
                    size_t processes)
{
    const struct dt_totals *t = &r->totals;
    struct pmt_json json;

    pmt_json_init(&json, stderr);
    pmt_json_line_begin(&json);
    pmt_json_string(&json, "file", name);
    pmt_json_u64(&json, "lines", r->lines);
    pmt_json_u64(&json, "used", r->used);
    pmt_json_u64(&json, "other", r->other);
    pmt_json_u64(&json, "unused", r->unused);
    json_unused(&json, r);
    pmt_json_u64(&json, "processes", processes);
    pmt_json_bool(&json, "timed", r->timed);
    pmt_json_u64(&json, "events", r->events);
    pmt_json_u64(&json, "lost", r->lost);
    pmt_json_u64(&json, "late", t->late);
    pmt_json_u64(&json, "nested", r->nested);
    pmt_json_u64(&json, "blocks", t->mallocs);
    pmt_json_u64(&json, "bytes", t->bytes);
    pmt_json_u64(&json, "freed_blocks", t->frees);
    pmt_json_u64(&json, "freed_bytes", t->bytes_freed);
    pmt_json_u64(&json, "live_blocks", t->blocks_live);
    pmt_json_u64(&json, "live_bytes", t->bytes_live);
    pmt_json_u64(&json, "max_blocks", t->blocks_max);
    pmt_json_u64(&json, "max_bytes", t->bytes_max);
    pmt_json_u64(&json, "largest", t->size_max);
    pmt_json_u64(&json, "reallocs", t->reallocs);
    pmt_json_u64(&json, "frees_null", r->null_frees);
    pmt_json_u64(&json, "frees_before", t->before);
    pmt_json_u64(&json, "frees_unseen", t->unseen);
    pmt_json_u64(&json, "frees_unseen_bytes", t->unseen_bytes);
    pmt_json_u64(&json, "failed", r->failed);
    pmt_json_u64(&json, "unreadable_sites", r->unreadable);
    pmt_json_u64(&json, "unstated", r->unstated);
    pmt_json_u64(&json, "calls", t->calls);
    pmt_json_u64(&json, "gc", t->gcs);
    pmt_json_u64(&json, "table_rows", r->table_rows);
    pmt_json_line_end(&json);
}
