/*
 * test-journal-kinds.c: every record and definition that a journal can hold
 * comes into the trace, by the drain or, when the process died at any point,
 * out of the journal: once each, with all it was told. What is expected is
 * written out by hand below. (A little long: the tests share what is put in
 * and how what comes out is written down.)
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "format-producer.h"
#include "format-sample.h"
#include "pmt/recover.h"

/* ---- what is put in ---------------------------------------------------------- */

enum { DEFINE, RECORD, ROWS };

/* One thing that a recorder does, in order. */
struct step {
    unsigned what;
    uint32_t thread;     /* of a record */
    uint32_t tag;        /* of a record, or the type of a definition */
    uint64_t value;      /* low 56 bits of the word; of a definition: wide */
    uint32_t v[4];       /* a and b of a record */
    const char *text, *text2;
};

#define DEF(type, wide, text, text2, ...)                                     \
    {DEFINE, 0, PMT_DEF_##type, wide, {__VA_ARGS__}, text, text2}
#define RAW(thread, tag, value, a, b)                                         \
    {RECORD, thread, PMT_RAW_##tag, value, {a, b, 0, 0}, NULL, NULL}
#define TIMED UINT64_MAX /* wide of a definition: its place in time */

static const struct step steps[] = {
    DEF(THREAD, 7, "main", NULL, 1, 42, 0),
    DEF(THREAD, 8, "other", NULL, 2, 43, 0),
    DEF(CODE, 0, "a.py", "f", 1, 3, 4),
    DEF(CODE, 0, "b.py", "g", 2, 9, 4),
    DEF(STACK, 0, NULL, NULL, 1, 0, 1, 4),
    DEF(STACK, 0, NULL, NULL, 2, 0, 2, 10),
    DEF(TYPE, 0, "list", NULL, 1, 56, 8),
    DEF(CFUNCTION, 0, "len", "builtins", 1, 3),
    DEF(CLASS, 0, NULL, NULL, 1, PMT_KIND_CALL | PMT_CALL_CALL << 8, 1, 0),
    DEF(CLASS, 0, NULL, NULL, 2, PMT_KIND_CALL | PMT_CALL_C_CALL << 8, 2, 1),
    RAW(1, CALL, 0, 1, 0),
    RAW(1, RSS, 100, 0, 0),
    RAW(2, CALL, 0, 2, 0),
    RAW(1, CALL, 0, 2, 0),
    DEF(CLASS, 0, NULL, NULL, 3, PMT_KIND_LINE | PMT_LINE_LINE << 8, 2, 0),
    DEF(CLASS, 0, NULL, NULL, 4, PMT_KIND_LINE | PMT_LINE_OPCODE << 8, 1, 0),
    RAW(2, LINE, 0, 3, 0),
    RAW(2, GAP, 5, PMT_KIND_LINE, 0),
    RAW(2, GAP, 2, PMT_KIND_LINE, 0),
    DEF(MARK, TIMED, "here", NULL, 2),
    RAW(2, RSS, 90, 0, 0),
    RAW(1, LINE, 0, 4, 31),
    RAW(2, LINE, 0, 4, 1),
    RAW(2, CREATE, 0x1000, 1, 2),
    RAW(1, GAP, 1, PMT_KIND_OBJECT, 0),
    RAW(1, RSS, 91, 0, 0),
    RAW(1, DESTROY, 0x1000, 1, 1),
    RAW(2, GAP, UINT64_C(1) << 40, PMT_KIND_ALLOC, 0),
    RAW(2, ALLOC + (PMT_ALLOC_MALLOC << 2 | PMT_DOMAIN_MEM), 0x2000, 64, 1),
    RAW(2, GC, 0, 0, 0 | 2 << 1),
    RAW(2, GC, 123456, 77, 1 | 2 << 1 | 3 << 8),
    DEF(FIGURES, TIMED, "rss\tbytes\t0\t4096\nfaults\tcount\t1\t7\n", NULL,
        PMT_KIND_SAMPLE, 1, 42),
    DEF(FIGURES, TIMED, "rss\tbytes\t0\t-5\nfaults\tcount\t1\t9\n", NULL,
        PMT_KIND_SAMPLE, 1, 42),
    DEF(FIGURES, TIMED, "arenas\tcount\t0\t3\n", NULL, PMT_KIND_HEAP, 2, 0),
    DEF(FIGURES, TIMED,
        "rss\tbytes\t0\t9223372036854775807\n"
        "faults\tcount\t1\t-9223372036854775808\n",
        NULL, PMT_KIND_SAMPLE, 2, 0),
    {ROWS, 0, PMT_DEF_SNAPSHOT_ROWS, 1, {8, 2, 0, 0}, NULL, NULL},
    DEF(CFUNCTION, 0, "get", NULL, 2, 3),
    {ROWS, 0, PMT_DEF_SNAPSHOT_ROWS, 3, {8, 1, 0, 0}, NULL, NULL},
    DEF(SNAPSHOT, TIMED, "step", "size\tbytes\t-3\n\t\t4\n", 8, 3, 4),
    DEF(CLASS, 0, NULL, NULL, 5, PMT_KIND_CALL | PMT_CALL_THROW << 8, 2, 2),
    RAW(2, CALL, 0, 5, 0),
    DEF(SNAPSHOT, TIMED, "empty", "", 9, 0, 5),
    DEF(MARK, TIMED, "last", NULL, 1),
};
#define STEPS (sizeof steps / sizeof *steps)

/* call, line: what, file of the site, C function; rss, read, gap, offset. */
static const char expected[] =
    "call 1: 0 a.py - 0 0 0 0\n"
    "call 2: 2 b.py len 100 0 0 0\n"
    "call 1: 2 b.py len 100 1 0 0\n"
    "call 2: 8 b.py get 91 0 0 0\n"
    "line 2: 0 b.py - 100 0 0 0\n"
    "line 1: 4 a.py - 90 0 0 30\n"
    "line 2: 4 a.py - 90 1 7 0\n"
    "object 2: 0 list b.py 1000 90 0 0\n"
    "object 1: 1 list a.py 1000 91 1 1\n"
    "alloc 2: 1 1 2000 64 a.py 4294967295\n"
    "sample 1: 42 rss/bytes/0=4096 faults/count/1=7\n"
    "sample 1: 42 rss/bytes/0=-5 faults/count/1=9\n"
    "sample 2: 0 rss/bytes/0=9223372036854775807"
    " faults/count/1=-9223372036854775808\n"
    "heap 2: 0 arenas/count/0=3\n"
    "snapshot step: size/bytes=-3 /=4\n"
    "  b.py list 1 1000001 1\n"
    "  b.py list 2 1000002 1\n"
    "  b.py list 3 1000003 1\n"
    "snapshot empty:\n"
    "mark 2: here\n"
    "mark 1: last\n"
    "gc 2: 0 2 0 0 0\n"
    "gc 2: 1 2 77 3 123456\n";

struct source {
    struct pmt_journal journal;
    struct producer threads[3];
    struct pmt_segment *definitions;
    unsigned done;
};

static void put_raw(struct source *s, const struct step *step, uint64_t time)
{
    struct producer *p = &s->threads[step->thread];
    struct pmt_raw raw = {time,
                          (uint64_t)step->tag << PMT_RAW_ADDRESS_BITS |
                              step->value,
                          step->v[0], step->v[1]};

    p->journal = &s->journal;
    p->thread = step->thread;
    if (!p->segment) {
        p->segment = pmt_journal_take(&s->journal, PMT_SEGMENT_RECORDS,
                                      step->thread);
        assert_non_null(p->segment);
    }
    memcpy(p->segment->data + p->segment->head, &raw, sizeof raw);
    __atomic_store_n(&p->segment->head, p->segment->head + sizeof raw,
                     __ATOMIC_RELEASE);
}

static void put_definition(struct source *s, const struct step *step,
                           uint64_t time)
{
    struct pmt_snapshot_row rows[2];
    struct pmt_def def = {.type = step->tag,
                          .wide = step->value == TIMED ? time : step->value};
    const char *text = step->text ? step->text : "";
    const char *text2 = step->text2 ? step->text2 : "";
    size_t bytes = strlen(text);

    memcpy(def.v, step->v, sizeof def.v);
    memset(rows, 0, sizeof rows);
    for (uint32_t i = 0; step->what == ROWS && i < step->v[1]; i++) {
        rows[i] = (struct pmt_snapshot_row){2, 1, step->value + i,
                                            1000000 + step->value + i, 1, 0};
        text = (const char *)rows;
        bytes = (i + 1) * sizeof *rows;
    }
    if (!s->definitions) {
        s->definitions =
            pmt_journal_take(&s->journal, PMT_SEGMENT_DEFINITIONS, 0);
        assert_non_null(s->definitions);
    }
    assert_true(pmt_journal_define(&s->journal, s->definitions, &def, text,
                                   bytes, text2, strlen(text2)));
}

/* Does the next step; `late`: at a time that no pass has come to. */
static void do_step(struct source *s, bool late)
{
    const struct step *step = &steps[s->done++];
    uint64_t time = s->journal.header->start_raw + 1000 * s->done +
                    (late ? UINT64_C(1) << 40 : 0);

    if (step->what == RECORD) {
        put_raw(s, step, time);
    } else {
        put_definition(s, step, time);
    }
}

/* Gives all segments up, as at a turn to new ones. */
static void turn(struct source *s)
{
    for (unsigned i = 0; i < 3; i++) {
        producer_stop(&s->threads[i]);
    }
    if (s->definitions) {
        pmt_journal_give(s->definitions);
        s->definitions = NULL;
    }
}

/* ---- what comes out ---------------------------------------------------------- */

struct text {
    char bytes[4096];
    size_t used;
};

/* By kind, in the order of `expected`. */
static struct text texts[PMT_KIND_KNOWN];

__attribute__((format(printf, 2, 3))) static void put(unsigned kind,
                                                      const char *format, ...)
{
    struct text *t = &texts[kind];
    va_list args;

    va_start(args, format);
    t->used += (size_t)vsnprintf(t->bytes + t->used,
                                 sizeof t->bytes - t->used, format, args);
    va_end(args);
    assert_true(t->used < sizeof t->bytes);
}

static uint64_t at(struct pmt_reader *r, unsigned column, uint32_t i)
{
    const uint64_t *v = pmt_reader_column(r, column);

    return v ? v[i] : 0;
}

#define TEXT(t) (int)(t).length, (t).bytes ? (t).bytes : ""

static struct pmt_text file_of(const struct pmt_stream *s, uint64_t stack)
{
    struct pmt_site site;
    struct pmt_code code;

    assert_true(pmt_stream_site(s, (uint32_t)stack, &site));
    assert_true(pmt_stream_code(s, site.code, &code));
    return code.file;
}

static void put_call(struct pmt_reader *r, const struct pmt_event *e,
                     uint32_t i)
{
    struct pmt_class class_;
    struct pmt_cfunction cfunction;
    uint32_t kind = e->envelope.kind;
    struct pmt_text file;

    assert_true(pmt_stream_class(e->stream,
                                 (uint32_t)at(r, PMT_COL_CLASS, i), &class_));
    assert_int_equal(class_.kind, kind);
    file = file_of(e->stream, class_.stack);
    put(kind, "%s %u: %u %.*s ", kind == PMT_KIND_CALL ? "call" : "line",
        (unsigned)at(r, PMT_COL_THREAD, i), class_.what, TEXT(file));
    if (pmt_stream_cfunction(e->stream, class_.cfunction, &cfunction)) {
        put(kind, "%.*s", TEXT(cfunction.name));
    } else {
        put(kind, "-");
    }
    put(kind, " %u %u %u %u\n", (unsigned)at(r, PMT_COL_RSS, i),
        (unsigned)at(r, PMT_COL_RSS_READ, i),
        (unsigned)at(r, PMT_COL_GAP, i), (unsigned)at(r, PMT_COL_OFFSET, i));
}

static void put_object(struct pmt_reader *r, const struct pmt_event *e,
                       uint32_t i)
{
    const struct pmt_object *o = &pmt_reader_objects(r)[i];
    struct pmt_text file = file_of(e->stream, o->stack);
    struct pmt_type type;

    assert_true(pmt_stream_type(e->stream, o->type, &type));
    put(PMT_KIND_OBJECT, "object %u: %u %.*s %.*s %llx %u %u %u\n",
        o->thread, o->op, TEXT(type.name), TEXT(file),
        (unsigned long long)o->address, (unsigned)o->rss, o->rss_read,
        o->gap);
}

static void put_figures(struct pmt_reader *r, uint32_t kind, uint32_t i)
{
    size_t n;
    const struct pmt_figure *f = pmt_reader_figures(r, &n);

    put(kind, "%s %u: %u", kind == PMT_KIND_SAMPLE ? "sample" : "heap",
        (unsigned)at(r, PMT_COL_THREAD, i), (unsigned)at(r, PMT_COL_PID, i));
    for (unsigned k = 0; k < n; k++) {
        put(kind, " %.*s/%.*s/%d=%lld", TEXT(f[k].name), TEXT(f[k].unit),
            (int)f[k].value,
            (long long)pmt_reader_figure(r, k)[i]);
    }
    put(kind, "\n");
}

static void put_snapshot(struct pmt_reader *r, const struct pmt_event *e)
{
    size_t n;
    const struct pmt_figure *f = pmt_reader_figures(r, &n);
    struct pmt_text name = pmt_reader_text(r, 0);

    put(PMT_KIND_SNAPSHOT, "snapshot %.*s:", TEXT(name));
    for (size_t k = 0; k < n; k++) {
        put(PMT_KIND_SNAPSHOT, " %.*s/%.*s=%lld", TEXT(f[k].name),
            TEXT(f[k].unit), (long long)f[k].value);
    }
    put(PMT_KIND_SNAPSHOT, "\n");
    for (uint32_t i = 0; i < e->envelope.count; i++) {
        struct pmt_text file =
            file_of(e->stream, at(r, PMT_COL_STACK, i));
        struct pmt_type type;

        assert_true(pmt_stream_type(
            e->stream, (uint32_t)at(r, PMT_COL_TYPE, i), &type));
        put(PMT_KIND_SNAPSHOT, "  %.*s %.*s %u %u %u\n", TEXT(file),
            TEXT(type.name), (unsigned)at(r, PMT_COL_BLOCKS, i),
            (unsigned)at(r, PMT_COL_SIZE, i),
            (unsigned)at(r, PMT_COL_DOMAIN, i));
    }
}

static void put_record(struct pmt_reader *r, const struct pmt_event *e,
                       uint32_t i)
{
    uint32_t kind = e->envelope.kind;
    unsigned thread = (unsigned)at(r, PMT_COL_THREAD, i);
    struct pmt_text text = pmt_reader_text(r, i);

    if (kind == PMT_KIND_CALL || kind == PMT_KIND_LINE) {
        put_call(r, e, i);
    } else if (kind == PMT_KIND_OBJECT) {
        put_object(r, e, i);
    } else if (kind == PMT_KIND_ALLOC) {
        const struct pmt_alloc *a = &pmt_reader_allocs(r)[i];
        struct pmt_text file = file_of(e->stream, a->stack);

        put(kind, "alloc %u: %u %u %llx %u %.*s %u\n", thread, a->op,
            a->domain, (unsigned long long)a->address, (unsigned)a->size,
            TEXT(file), a->gap);
    } else if (kind == PMT_KIND_SAMPLE || kind == PMT_KIND_HEAP) {
        put_figures(r, kind, i);
    } else if (kind == PMT_KIND_MARK) {
        put(kind, "mark %u: %.*s\n", thread, TEXT(text));
    } else if (kind == PMT_KIND_GC) {
        put(kind, "gc %u: %u %u %u %u %u\n", thread,
            (unsigned)at(r, PMT_COL_OP, i),
            (unsigned)at(r, PMT_COL_GENERATION, i),
            (unsigned)at(r, PMT_COL_COLLECTED, i),
            (unsigned)at(r, PMT_COL_UNCOLLECTABLE, i),
            (unsigned)at(r, PMT_COL_DURATION, i));
    } else {
        assert_int_not_equal(kind, PMT_KIND_LOSS);
    }
}

/* Reads a trace (with its journal) and compares. */
static void check_trace(const char *path, struct pmt_source *source)
{
    char all[sizeof texts->bytes * 4] = "";
    struct pmt_reader *r;
    struct pmt_event e;

    memset(texts, 0, sizeof texts);
    assert_int_equal(source ? pmt_reader_open(&r, source, NULL, NULL)
                            : pmt_reader_open_path(&r, path, NULL, NULL),
                     PMT_OK);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        if (e.type != PMT_EVENT_RECORDS) {
            continue;
        }
        if (e.envelope.kind == PMT_KIND_SNAPSHOT) {
            put_snapshot(r, &e);
            continue;
        }
        for (uint32_t i = 0; i < e.envelope.count; i++) {
            put_record(r, &e, i);
        }
    }
    pmt_reader_free(r);
    for (unsigned kind = 0; kind < PMT_KIND_KNOWN; kind++) {
        strcat(all, texts[kind].bytes);
    }
    if (strcmp(all, expected) != 0) {
        fprintf(stderr, "---- came:\n%s---- expected:\n%s", all, expected);
    }
    assert_string_equal(all, expected);
}

/* ---- tests ------------------------------------------------------------------- */

struct recording {
    char trace[512], journal[520];
    struct source source;
    struct pmt_drain *drain;
    int fd;
};

static void begin(struct recording *r)
{
    const struct pmt_stream_info info = sample_info();
    const struct pmt_writer_options options = {.epoch_chunks = 2};

    memset(r, 0, sizeof *r);
    snprintf(r->trace, sizeof r->trace, "%s", temporary_path("kinds.pmt"));
    snprintf(r->journal, sizeof r->journal, "%s%s", r->trace,
             PMT_JOURNAL_SUFFIX);
    unlink(r->trace);
    unlink(r->journal);
    r->fd = open(r->trace, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_true(r->fd >= 0);
    assert_int_equal(pmt_journal_create(&r->source.journal, r->journal, 64,
                                        100, 0, NULL), PMT_OK);
    assert_int_equal(pmt_drain_new(&r->drain, &r->source.journal,
                                   &(struct pmt_drain_target){.fd = r->fd},
                                   &info, &options, NULL), PMT_OK);
}

static void end(struct recording *r)
{
    pmt_drain_free(r->drain);
    pmt_journal_close(&r->source.journal);
    close(r->fd);
}

static void check_recovered(const struct recording *r)
{
    struct pmt_buffer out = {NULL, 0, 0};
    struct pmt_source source;
    struct pmt_recovery report;
    struct pmt_sink sink;

    pmt_sink_to_buffer(&sink, &out);
    assert_int_equal(pmt_source_open_file(&source, r->trace, NULL), PMT_OK);
    assert_int_equal(pmt_recover(&source, r->journal, &sink, &report, NULL),
                     PMT_OK);
    assert_int_equal(report.damaged_places, 0);
    pmt_source_close(&source);
    pmt_source_from_memory(&source, out.bytes, out.used);
    check_trace(NULL, &source);
    pmt_buffer_release(&out);
}

/* A pass, with a flush or without, after each step and after none. */
static void test_drained(void **state)
{
    static struct recording r;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        begin(&r);
        while (r.source.done < STEPS) {
            do_step(&r.source, false);
            if (i & 1) {
                assert_int_equal(pmt_drain_pass(r.drain, i & 2, NULL), 0);
            }
            if (i & 4 && i & 1 && r.source.done % 3 == 0) {
                turn(&r.source);
            }
        }
        turn(&r.source);
        assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
        end(&r);
        unlink(r.journal);
        check_trace(r.trace, NULL);
        unlink(r.trace);
    }
}

/* Dead after all steps, with one pass somewhere: what is late had to wait in
 * the journal. With `turns`, in many segments. */
static void test_dead(void **state)
{
    static struct recording r;

    (void)state;
    for (unsigned i = 0; i <= 4 * STEPS; i++) {
        begin(&r);
        while (r.source.done < STEPS) {
            if (r.source.done == i / 4) {
                assert_int_equal(pmt_drain_pass(r.drain, true, NULL), 0);
            }
            /* From the fifth step before that pass on they are late. */
            do_step(&r.source, i & 1 && r.source.done + 5 >= i / 4);
            if (i & 2 && r.source.done % 8 == 0) {
                turn(&r.source);
            }
        }
        assert_int_equal(pmt_drain_pass(r.drain, true, NULL), 0);
        end(&r);
        check_trace(r.trace, NULL);
        check_recovered(&r);
        unlink(r.journal);
        unlink(r.trace);
    }
}

/* The trace, for another reader (tests/cli/test-kinds-agree.py); with `dead`
 * half of it is in the journal. */
static int make_file(const char *path, bool dead)
{
    static struct recording r;

    begin(&r);
    while (r.source.done < STEPS) {
        if (r.source.done == STEPS / 2) {
            assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_OK);
        }
        do_step(&r.source, dead && r.source.done > STEPS / 2);
    }
    assert_int_equal(dead ? pmt_drain_pass(r.drain, true, NULL)
                          : pmt_drain_finish(r.drain, NULL), PMT_OK);
    end(&r);
    if (dead) {
        char journal[520];

        snprintf(journal, sizeof journal, "%s%s", path, PMT_JOURNAL_SUFFIX);
        assert_int_equal(rename(r.journal, journal), 0);
    } else {
        unlink(r.journal);
    }
    return rename(r.trace, path) != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drained),
        cmocka_unit_test(test_dead),
    };

    if (argc > 1) {
        return make_file(argv[1], argc > 2);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
