/* convert.c - lines of a log, and what becomes of them (convert.h). */
#include "convert-private.h"

#include <stdlib.h>
#include <sys/random.h>

#include "pmt/journal.h" /* PMT_LOSS_CAUSES */

static const struct {
    const char *name, *text;
} causes[DT_CAUSES] = {
    [DT_CUT] = {"cut", "the log ends within the line"},
    [DT_LONG] = {"long", "over 65536 bytes"},
    [DT_UNKNOWN] = {"unknown", "of no script that is known"},
    [DT_FIELD] = {"field", "a field is missing, too many or no number"},
    [DT_BEGINNING] = {"beginning", "half a call: its end never came"},
    [DT_ENDING] = {"ending", "half a call: its beginning never came"},
    [DT_EITHER] = {"either", "half a call: more than one other half fits"},
    [DT_NO_RESULT] = {"no_result", "a realloc that does not tell the block"},
    [DT_RSS_ALONE] = {"rss_alone", "a resident set size of no call, or none"},
    [DT_TABLE] = {"table", "of a table that is not whole"},
    [DT_PROCESS] = {"process", "of one of several processes, not told which"},
    [DT_PROCESSES] = {"processes", "of a process beyond the first 1024"},
};

const char *dt_cause_text(enum dt_cause cause)
{
    return causes[cause].text;
}

const char *dt_cause_name(enum dt_cause cause)
{
    return causes[cause].name;
}

void dt_unused(struct dt_convert *c, enum dt_cause cause, uint64_t line)
{
    struct dt_unused *u = &c->report.causes[cause];

    if (u->count < DT_CAUSE_LINES)
        u->lines[u->count] = line;
    u->count++;
}

/* ---- processes ------------------------------------------------------------------ */

static void random_bytes(uint8_t *bytes, size_t n)
{
    if (getrandom(bytes, n, 0) != (ssize_t)n)
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(rand() >> 7);
}

/* Tick 0: what the script told when it began; without it a second before the
 * first line, since lines of other processors may be earlier. */
static uint64_t start_of(const struct dt_convert *c, uint64_t time)
{
    if (!c->report.timed)
        return 0;
    if (c->options.has_clocks && c->options.mono_ns <= time)
        return c->options.mono_ns;
    return time > 1000000000 ? time - 1000000000 : 0;
}

static void describe(struct dt_convert *c, uint64_t pid, uint64_t start,
                     struct pmt_stream_info *info)
{
    static const char *const hooks[] = {"stack:1"};
    static const char *const untimed[] = {"times", "numbers of lines"};
    const struct dt_options *o = &c->options;

    *info = (struct pmt_stream_info){
        .tick_ns = 1, .rss_unit = DT_RSS_UNIT, .clock = 4,
        .start_uncertainty_ns = UINT32_MAX, .producer = o->producer,
        .pid = pid, .hooks = hooks, .hook_count = 1,
        .executable = pid == o->pid && pid ? o->executable : NULL,
    };
    random_bytes(info->uuid, 16);
    memcpy(info->session_uuid, c->session, 16);
    if (!c->report.timed) {
        info->settings = untimed;
        info->setting_count = 1;
        return;
    }
    info->clock = 0;
    info->start_mono_ns = start;
    memcpy(info->boot_id, o->boot_id, 16);
    if (o->has_clocks) {
        info->start_real_ns = o->real_ns + (int64_t)(start - o->mono_ns);
        info->start_uncertainty_ns = o->uncertainty_ns;
    }
}

static int new_process(struct dt_convert *c, uint64_t pid, uint64_t time,
                       struct dt_process **out, struct pmt_error *err)
{
    uint64_t start = start_of(c, time);
    struct pmt_writer_options options = {
        .chunk_records = c->options.chunk_records};
    struct pmt_stream_info info = {.pid = pid};
    struct dt_process *p;
    struct pmt_sink sink = c->sink;
    void *list;
    int rc;

    if (c->process_count == DT_STREAMS_MAX)
        return DT_BAD + DT_PROCESSES;
    list = dt_roomy(c->processes, &c->process_room, c->process_count + 1,
                    sizeof *c->processes);
    if (!list)
        return pmt_error_set_memory(err);
    c->processes = list;
    p = calloc(1, sizeof *p);
    if (!p)
        return pmt_error_set_memory(err);
    if (!c->options.count_only)
        describe(c, pid, start, &info);
    if (c->process_count > 0)
        dt_spool_sink(&p->spool, &sink);
    rc = dt_stream_init(&p->stream, c->options.count_only ? NULL : &sink,
                        &info, &options, start, err);
    if (rc < 0) {
        free(p);
        return rc;
    }
    c->processes[c->process_count++] = p;
    *out = p;
    return DT_USED;
}

int dt_process(struct dt_convert *c, uint64_t pid, uint64_t time,
               struct dt_process **out, struct pmt_error *err)
{
    int rc = DT_USED;

    *out = c->last;
    if (*out && (*out)->stream.pid == pid)
        return DT_USED;
    *out = NULL;
    for (size_t i = 0; i < c->process_count && !*out; i++)
        if (c->processes[i]->stream.pid == pid)
            *out = c->processes[i];
    if (!*out)
        rc = new_process(c, pid, time, out, err);
    if (rc == DT_USED)
        c->last = *out;
    return rc;
}

/* ---- lines ------------------------------------------------------------------------ */

static int take(struct dt_convert *c, struct dt_rest r, struct pmt_error *err)
{
    int rc;

    if (r.p < r.end && *r.p >= '0' && *r.p <= '9') {
        rc = dt_take_ours(c, r, err);
        if (rc != DT_NOT_MINE)
            return rc;
    }
    rc = DT_NOT_MINE;
    if (c->table.name[0])
        rc = dt_take_table(c, r, err);
    if (rc == DT_NOT_MINE)
        rc = dt_take_half(c, r, err);
    if (rc == DT_NOT_MINE)
        rc = dt_take_flow(c, r, err);
    if (rc == DT_NOT_MINE && !c->table.name[0])
        rc = dt_take_table(c, r, err);
    if (rc == DT_NOT_MINE)
        rc = dt_take_sum(c, r, err);
    if (rc == DT_NOT_MINE)
        rc = dt_take_note(c, r, err);
    return rc == DT_NOT_MINE ? DT_BAD + DT_UNKNOWN : rc;
}

static int count_line(struct dt_convert *c, int rc)
{
    if (rc < 0)
        return rc;
    if (rc == DT_USED) {
        c->report.used++;
    } else if (rc == DT_OTHER) {
        c->report.other++;
    } else {
        c->report.unused++;
        dt_unused(c, (enum dt_cause)(rc - DT_BAD), c->line);
    }
    return PMT_OK;
}

static int take_line(struct dt_convert *c, const char *p, size_t n,
                     struct pmt_error *err)
{
    struct dt_rest r = {p, p + n};

    c->line++;
    if (n > 0 && r.end[-1] == '\r')
        r.end--;
    return count_line(c, n > DT_LINE_MAX ? DT_BAD + DT_LONG
                                         : take(c, r, err));
}

/* A line that began in what was fed before. */
static int take_carried(struct dt_convert *c, struct pmt_error *err)
{
    size_t n = c->carry.used;
    int rc;

    if (c->skipping) {
        c->skipping = false;
        c->line++;
        rc = count_line(c, DT_BAD + DT_LONG);
    } else {
        rc = take_line(c, (const char *)c->carry.bytes, n, err);
    }
    c->carry.used = 0;
    return rc;
}

static int carry(struct dt_convert *c, const char *p, size_t n,
                 struct pmt_error *err)
{
    if (c->skipping)
        return PMT_OK;
    if (c->carry.used + n > DT_LINE_MAX) {
        c->skipping = true;
        c->carry.used = 0;
        return PMT_OK;
    }
    return pmt_buffer_append(&c->carry, p, n) < 0 ? pmt_error_set_memory(err)
                                                  : PMT_OK;
}

int dt_convert_feed(struct dt_convert *c, const void *bytes, size_t n,
                    struct pmt_error *err)
{
    const char *p = bytes, *end = p + n, *newline;
    int rc = PMT_OK;

    while (rc == PMT_OK && p < end &&
           (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        if (c->carry.used > 0 || c->skipping) {
            rc = carry(c, p, (size_t)(newline - p), err);
            rc = rc < 0 ? rc : take_carried(c, err);
        } else {
            rc = take_line(c, p, (size_t)(newline - p), err);
        }
        p = newline + 1;
    }
    return rc == PMT_OK && p < end ? carry(c, p, (size_t)(end - p), err) : rc;
}

bool dt_convert_said(struct dt_convert *c, const char *line, size_t n)
{
    struct pmt_error err;

    return dt_take_note(c, (struct dt_rest){line, line + n}, &err) ==
           DT_OTHER;
}

/* ---- the end ----------------------------------------------------------------------- */

static void add_totals(struct dt_report *r, const struct dt_stream *s)
{
    const struct dt_totals *t = &s->totals;
    struct dt_totals *all = &r->totals;

    all->mallocs += t->mallocs;
    all->frees += t->frees;
    all->bytes += t->bytes;
    all->bytes_freed += t->bytes_freed;
    all->reallocs += t->reallocs;
    all->calls += t->calls;
    all->gcs += t->gcs;
    all->before += t->before;
    all->unseen += t->unseen;
    all->unseen_bytes += t->unseen_bytes;
    all->late += t->late;
    all->bytes_live += t->bytes_live;
    all->blocks_live += t->blocks_live;
    all->bytes_max += t->bytes_max;
    all->blocks_max += t->blocks_max;
    if (t->size_max > all->size_max)
        all->size_max = t->size_max;
    r->unreadable += s->sites.unreadable;
    r->unstated += s->sites.unstated;
}

static int finish_process(struct dt_convert *c, struct dt_process *p,
                          struct pmt_error *err)
{
    uint64_t lost[PMT_LOSS_CAUSES] = {0};
    int rc = dt_stream_drain(&p->stream, err);

    add_totals(&c->report, &p->stream);
    if (rc < 0 || !p->stream.writer)
        return rc;
    if (c->report.lost > 0 && p == c->processes[0]) {
        lost[0] = c->report.lost; /* full: the tracer's buffer was */
        pmt_writer_lost(p->stream.writer, p->stream.last - p->stream.start,
                        lost);
    }
    rc = pmt_writer_finish(p->stream.writer, 1, err);
    return rc < 0 ? rc : dt_spool_copy(&p->spool, &c->sink, err);
}

int dt_convert_finish(struct dt_convert *c, bool *any, struct pmt_error *err)
{
    int rc = PMT_OK;

    *any = false;
    if (c->carry.used > 0 || c->skipping) {
        c->line++;
        c->carry.used = 0;
        c->skipping = false;
        rc = count_line(c, DT_BAD + DT_CUT);
    }
    dt_halves_end(c);
    rc = rc < 0 ? rc : dt_table_end(c, err);
    rc = rc < 0 ? rc : dt_sums_end(c, err);
    c->report.lines = c->line;
    *any = c->process_count > 0;
    for (size_t i = 0; rc == PMT_OK && i < c->process_count; i++)
        rc = finish_process(c, c->processes[i], err);
    return rc;
}

/* ---- life --------------------------------------------------------------------------- */

int dt_convert_new(struct dt_convert **out, const struct pmt_sink *sink,
                   const struct dt_options *options, struct pmt_error *err)
{
    struct dt_convert *c = calloc(1, sizeof *c);

    if (!c)
        return pmt_error_set_memory(err);
    c->sink = *sink;
    c->options = *options;
    if (!c->options.count_only)
        random_bytes(c->session, sizeof c->session);
    *out = c;
    return PMT_OK;
}

void dt_convert_free(struct dt_convert *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->process_count; i++) {
        dt_stream_release(&c->processes[i]->stream);
        dt_spool_release(&c->processes[i]->spool);
        free(c->processes[i]);
    }
    free(c->processes);
    free(c->open);
    dt_table_release(&c->table);
    dt_keys_release(&c->sum_keys);
    free(c->sums);
    pmt_buffer_release(&c->carry);
    free(c);
}

const struct dt_report *dt_convert_report(const struct dt_convert *c)
{
    return &c->report;
}

size_t dt_convert_processes(const struct dt_convert *c)
{
    return c->process_count;
}
