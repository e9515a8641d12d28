/*
 * journal-define.c - definitions of a journal into the writer. Those that
 * have a time (marks, figures, snapshots) wait until the records have come
 * up to it.
 */
#include <stdlib.h>
#include <string.h>

#include "journal-parts.h"

#define LINES_MAX 1024u /* spec 10: figures, values */

/* ---- what waits --------------------------------------------------------- */

static void drop_rows(struct pmt_journal_reader *r)
{
    free(r->rows.rows);
    memset(&r->rows, 0, sizeof r->rows);
}

static void drop(struct pmt_waiting *w)
{
    free(w->text);
    free(w->rows);
}

void pmt_journal_drop_waiting(struct pmt_journal_reader *r)
{
    for (size_t i = r->waiting_first; i < r->waiting_count; i++) {
        drop(&r->waiting[i]);
    }
    free(r->waiting);
    drop_rows(r);
}

static int waiting_room(struct pmt_journal_reader *r)
{
    size_t room = r->waiting_room ? r->waiting_room * 2 : 16;
    void *p;

    if (r->waiting_first == r->waiting_count) {
        r->waiting_first = r->waiting_count = 0;
    }
    if (r->waiting_count < r->waiting_room) {
        return PMT_OK;
    }
    p = realloc(r->waiting, room * sizeof *r->waiting);
    if (!p) {
        return PMT_ERR_MEMORY;
    }
    r->waiting = p;
    r->waiting_room = room;
    return PMT_OK;
}

/* A snapshot takes over the rows that came before it. */
static void take_over_rows(struct pmt_journal_reader *r,
                           struct pmt_waiting *w)
{
    if (!r->rows.released) {
        w->order = r->rows.order;
        w->start = r->rows.start;
    }
    w->rows = r->rows.rows;
    r->rows.rows = NULL;
}

static int take_waiting(struct pmt_journal_reader *r,
                        const struct pmt_segment_cursor *c,
                        const struct pmt_def *d)
{
    bool has_rows = d->type == PMT_DEF_SNAPSHOT && d->v[1];
    struct pmt_waiting *w;

    if (has_rows &&
        (r->rows.serial != d->v[0] || r->rows.count != d->v[1])) {
        drop_rows(r); /* not all of it is here */
        r->damaged++;
        return PMT_ERR_ARGUMENT;
    }
    if (waiting_room(r) < 0) {
        return PMT_ERR_MEMORY;
    }
    w = &r->waiting[r->waiting_count];
    memset(w, 0, sizeof *w);
    w->text = malloc(d->text_bytes ? d->text_bytes : 1);
    if (!w->text) {
        return PMT_ERR_MEMORY;
    }
    memcpy(w->text, d + 1, d->text_bytes);
    w->text_bytes = d->text_bytes;
    /* They stand in the order of the lock they were made under; the clock
     * may have been read before it. That order is kept, so that those that
     * wait are always the last ones. */
    w->raw = d->wide > r->last_waiting ? d->wide : r->last_waiting;
    w->order = c->order;
    w->start = c->read;
    w->type = d->type;
    memcpy(w->v, d->v, sizeof w->v);
    if (has_rows) {
        take_over_rows(r, w);
    }
    drop_rows(r); /* those of a snapshot that was given up */
    r->last_waiting = w->raw;
    r->waiting_count++;
    return PMT_OK;
}

/* ---- rows of a snapshot ------------------------------------------------- */

static int rows_room(struct pmt_snapshot_rows *s, size_t more)
{
    size_t room = s->room ? s->room : 512;
    void *p;

    while (room - s->count < more) {
        room *= 2;
    }
    if (room == s->room) {
        return PMT_OK;
    }
    p = realloc(s->rows, room * sizeof *s->rows);
    if (!p) {
        return PMT_ERR_MEMORY;
    }
    s->rows = p;
    s->room = room;
    return PMT_OK;
}

static int take_rows(struct pmt_journal_reader *r,
                     const struct pmt_segment_cursor *c,
                     const struct pmt_def *d)
{
    struct pmt_snapshot_rows *s = &r->rows;
    const struct pmt_snapshot_row *rows =
        (const struct pmt_snapshot_row *)(const void *)(d + 1);

    if (!d->v[0] || d->text_bytes != (uint64_t)d->v[1] * sizeof *rows) {
        r->damaged++;
        return PMT_ERR_ARGUMENT;
    }
    if (s->serial != d->v[0]) {
        drop_rows(r);
        s->serial = d->v[0];
        s->order = c->order;
        s->start = c->read;
    }
    if (rows_room(s, d->v[1]) < 0) {
        return PMT_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < d->v[1]; i++) {
        s->rows[s->count++] = (struct pmt_snapshot_entry){
            .blocks = rows[i].blocks,
            .bytes = rows[i].bytes,
            .stack = rows[i].stack,
            .type = rows[i].type,
            .domain = (uint8_t)(rows[i].domain & 3),
        };
    }
    return PMT_OK;
}

/* ---- definitions -------------------------------------------------------- */

/* The id of a definition that has one is within what can be. */
static bool id_is_possible(const struct pmt_journal_reader *r,
                           const struct pmt_def *d)
{
    return d->type > PMT_DEF_CLASS || d->type == PMT_DEF_MARK ||
           d->v[0] < r->id_end[d->type];
}

int pmt_journal_take_definition(struct pmt_journal_reader *r,
                                const struct pmt_segment_cursor *c,
                                const struct pmt_def *d)
{
    const char *text = (const char *)(d + 1);

    if (!id_is_possible(r, d)) {
        return PMT_ERR_ARGUMENT;
    }
    switch (d->type) {
    case PMT_DEF_CODE:
        if (d->v[2] > d->text_bytes) {
            return PMT_ERR_ARGUMENT;
        }
        return pmt_writer_define_code(r->writer, d->v[0], text, d->v[2],
                                      text + d->v[2],
                                      d->text_bytes - d->v[2], d->v[1], NULL);
    case PMT_DEF_STACK:
        return pmt_writer_define_stack(r->writer, d->v[0], d->v[1], d->v[2],
                                       d->v[3], NULL);
    case PMT_DEF_TYPE:
        return pmt_writer_define_type(r->writer, d->v[0], text,
                                      d->text_bytes, d->v[1], d->v[2], NULL);
    case PMT_DEF_THREAD:
        return pmt_writer_define_thread(r->writer, d->v[0], d->v[1], d->wide,
                                        text, d->text_bytes, NULL);
    case PMT_DEF_CFUNCTION:
        if (d->v[1] > d->text_bytes) {
            return PMT_ERR_ARGUMENT;
        }
        return pmt_writer_define_cfunction(r->writer, d->v[0], text, d->v[1],
                                           text + d->v[1],
                                           d->text_bytes - d->v[1], NULL);
    case PMT_DEF_CLASS:
        return pmt_writer_define_class(r->writer, d->v[0], d->v[1] & 255,
                                       d->v[1] >> 8, d->v[2], d->v[3], NULL);
    case PMT_DEF_SNAPSHOT_ROWS:
        return take_rows(r, c, d);
    case PMT_DEF_MARK:
    case PMT_DEF_FIGURES:
    case PMT_DEF_PROCESS:
    case PMT_DEF_SNAPSHOT:
        return take_waiting(r, c, d);
    default:
        return PMT_ERR_ARGUMENT;
    }
}

/* ---- their texts -------------------------------------------------------- */

/* The next field of a line, up to `end_byte`; false when there is none. */
static bool next_field(const char **at, const char *end, char end_byte,
                       struct pmt_text *field)
{
    const char *stop = memchr(*at, end_byte, (size_t)(end - *at));

    if (!stop) {
        return false;
    }
    field->bytes = *at;
    field->length = (uint32_t)(stop - *at);
    *at = stop + 1;
    return true;
}

/* A signed decimal number of 64 bits, and nothing else. */
static bool read_number(const struct pmt_text *t, int64_t *out)
{
    bool negative = t->length && t->bytes[0] == '-';
    uint64_t most = (uint64_t)INT64_MAX + negative;
    uint64_t v = 0;

    if (t->length == negative) {
        return false;
    }
    for (uint32_t i = negative; i < t->length; i++) {
        unsigned digit = (unsigned char)t->bytes[i] - (unsigned)'0';

        if (digit > 9 || v > (most - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *out = (int64_t)(negative ? 0 - v : v);
    return true;
}

/* Lines "name\tunit\t[0|1\t]value\n" into `values`, room for LINES_MAX; their
 * number, or -1. */
static int read_lines(const char *at, const char *end, bool counters,
                      struct pmt_value *values)
{
    int n = 0;

    for (; at < end; n++) {
        struct pmt_value *v = &values[n];
        struct pmt_text number, counter = {"0", 1};

        if (n == LINES_MAX || !next_field(&at, end, '\t', &v->name) ||
            !next_field(&at, end, '\t', &v->unit) ||
            (counters && !next_field(&at, end, '\t', &counter)) ||
            !next_field(&at, end, '\n', &number) ||
            !read_number(&number, &v->value) || counter.length != 1 ||
            (counter.bytes[0] != '0' && counter.bytes[0] != '1')) {
            return -1;
        }
        v->counter = counter.bytes[0] == '1';
    }
    return n;
}

/* ---- into the writer ---------------------------------------------------- */

static int give_mark(struct pmt_journal_reader *r,
                     const struct pmt_waiting *w, struct pmt_error *err)
{
    const struct pmt_mark m = {
        .time = pmt_clock_line_tick(&r->line, w->raw),
        .thread = w->v[0],
        .text = w->text,
        .text_bytes = w->text_bytes,
    };

    return pmt_writer_mark(r->writer, &m, err);
}

static int give_figures(struct pmt_journal_reader *r,
                        const struct pmt_waiting *w,
                        struct pmt_value *values, struct pmt_error *err)
{
    int n = read_lines(w->text, w->text + w->text_bytes, true, values);

    return n < 0 ? PMT_ERR_ARGUMENT
                 : pmt_writer_figures(r->writer, w->v[0],
                                      pmt_clock_line_tick(&r->line, w->raw),
                                      w->v[1], w->v[2], values, (size_t)n,
                                      err);
}

static int give_snapshot(struct pmt_journal_reader *r,
                         const struct pmt_waiting *w,
                         struct pmt_value *values, struct pmt_error *err)
{
    int n = w->v[2] > w->text_bytes
                ? -1
                : read_lines(w->text + w->v[2], w->text + w->text_bytes,
                             false, values);

    return n < 0 ? PMT_ERR_ARGUMENT
                 : pmt_writer_snapshot(
                       r->writer, pmt_clock_line_tick(&r->line, w->raw),
                       w->text, w->v[2], values, (size_t)n, w->rows, w->v[1],
                       err);
}

/* The texts of a process: false when they do not fit what is there. */
static bool read_process(const struct pmt_waiting *w, struct pmt_process *p,
                         struct pmt_text *argv)
{
    struct pmt_def_process head;
    const char *at = w->text + sizeof head, *end = w->text + w->text_bytes;

    if (w->text_bytes < sizeof head) {
        return false;
    }
    memcpy(&head, w->text, sizeof head);
    p->started_ns = head.started_ns;
    p->executable = (struct pmt_text){at, head.executable_bytes};
    p->name = (struct pmt_text){NULL, head.name_bytes};
    p->note = (struct pmt_text){NULL, head.note_bytes};
    if ((uint64_t)head.executable_bytes + head.name_bytes + head.note_bytes +
            head.argc > (uint64_t)(end - at)) {
        return false;
    }
    p->name.bytes = at += head.executable_bytes;
    p->note.bytes = at += head.name_bytes;
    at += head.note_bytes;
    p->argv = argv;
    for (p->argc = 0; p->argc < head.argc; p->argc++) {
        if (!next_field(&at, end, '\0', &argv[p->argc])) {
            return false;
        }
    }
    return at == end;
}

static int give_process(struct pmt_journal_reader *r,
                        const struct pmt_waiting *w, struct pmt_error *err)
{
    /* An argument takes a byte at least. */
    struct pmt_text *argv = malloc((w->text_bytes + 1u) * sizeof *argv);
    struct pmt_process p = {
        .time = pmt_clock_line_tick(&r->line, w->raw),
        .op = w->v[0] & 255,
        .how = w->v[0] >> 8 & 255,
        .pid = w->v[1],
        .ppid = w->v[2],
        .status = w->v[3],
    };
    int rc = !argv ? pmt_error_set_memory(err) : PMT_ERR_ARGUMENT;

    if (argv && read_process(w, &p, argv)) {
        rc = pmt_writer_process(r->writer, &p, err);
    }
    free(argv);
    return rc;
}

int pmt_journal_give_waiting(struct pmt_journal_reader *r,
                             struct pmt_error *err)
{
    struct pmt_waiting *w = &r->waiting[r->waiting_first];
    struct pmt_value *values = NULL;
    int rc;

    if (w->type == PMT_DEF_MARK) {
        rc = give_mark(r, w, err);
    } else if (w->type == PMT_DEF_PROCESS) {
        rc = give_process(r, w, err);
    } else {
        values = malloc(LINES_MAX * sizeof *values);
        rc = !values                       ? pmt_error_set_memory(err)
             : w->type == PMT_DEF_FIGURES ? give_figures(r, w, values, err)
                                           : give_snapshot(r, w, values, err);
    }
    free(values);
    if (rc == PMT_ERR_ARGUMENT) {
        r->damaged++;
        rc = PMT_OK;
    } else if (rc == PMT_OK) {
        r->records += w->type == PMT_DEF_SNAPSHOT ? w->v[1] : 1;
    }
    if (rc == PMT_OK) {
        drop(w);
        r->waiting_first++;
    }
    return rc;
}
