/*
 * format.c - what the format costs on real recordings: bytes, encode and
 * decode time per record, by chunk size, tick, level and address model.
 *
 * usage: bench-format TRACE...   (recorded with tick_ns=1 for the ticks)
 *
 * Reads each trace once, keeps its records and tables, writes them again in
 * memory under each setting, and reads that. Times are of the processor, the
 * least of RUNS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pmt/reader.h"
#include "pmt/writer.h"

#define RUNS 3

/* One stream's records of one kind, and its tables. */
struct loaded {
    struct pmt_reader *reader; /* keeps the tables */
    const struct pmt_stream *stream;
    void *records;             /* of the kind's structure */
    size_t count, room;
    enum pmt_kind kind;
};

static size_t record_bytes(enum pmt_kind kind)
{
    return kind == PMT_KIND_ALLOC    ? sizeof(struct pmt_alloc)
           : kind == PMT_KIND_OBJECT ? sizeof(struct pmt_object)
                                     : sizeof(struct pmt_call);
}

struct setting {
    const char *name;
    uint32_t tick_ns;
    struct pmt_writer_options options;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what, const struct pmt_error *err)
{
    fprintf(stderr, "bench-format: %s: %s\n", what, err->message);
    exit(2);
}

/* The number of a class of the recorder, pmt_call_class the other way. */
static uint32_t class_number(uint64_t id)
{
    return id ? (uint32_t)(id / 4 * 2 + (id & 1) + 1) : 0;
}

static uint64_t value(const uint64_t *column, size_t i)
{
    return column ? column[i] : 0;
}

/* The records of a chunk of kind call or line. */
static void read_calls(struct pmt_reader *r, size_t n, struct pmt_call *to)
{
    const uint64_t *class_ = pmt_reader_column(r, PMT_COL_CLASS);
    const uint64_t *time = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *thread = pmt_reader_column(r, PMT_COL_THREAD);
    const uint64_t *rss = pmt_reader_column(r, PMT_COL_RSS);
    const uint64_t *gap = pmt_reader_column(r, PMT_COL_GAP);
    const uint64_t *offset = pmt_reader_column(r, PMT_COL_OFFSET);
    const uint64_t *rss_read = pmt_reader_column(r, PMT_COL_RSS_READ);

    for (size_t i = 0; i < n; i++) {
        to[i] = (struct pmt_call){
            .time = time[i],
            .rss = value(rss, i),
            .number = class_number(class_[i]),
            .thread = (uint32_t)value(thread, i),
            .offset = (uint32_t)value(offset, i),
            .gap = (uint32_t)value(gap, i),
            .rss_read = (uint8_t)value(rss_read, i),
        };
    }
}

static void keep(struct loaded *l, const struct pmt_event *event)
{
    size_t n = event->envelope.count;
    size_t each = record_bytes(l->kind);
    char *to;

    while (l->count + n > l->room) {
        l->room = l->room ? l->room * 2 : 1 << 20;
        l->records = realloc(l->records, l->room * each);
        if (!l->records) {
            exit(2);
        }
    }
    to = (char *)l->records + l->count * each;
    if (l->kind == PMT_KIND_ALLOC) {
        memcpy(to, pmt_reader_allocs(l->reader), n * each);
    } else if (l->kind == PMT_KIND_OBJECT) {
        memcpy(to, pmt_reader_objects(l->reader), n * each);
    } else {
        read_calls(l->reader, n, (struct pmt_call *)(void *)to);
    }
    l->count += n;
}

static void load(struct loaded *l, const char *path, enum pmt_kind kind)
{
    struct pmt_event event;
    struct pmt_error err;

    memset(l, 0, sizeof *l);
    l->kind = kind;
    if (pmt_reader_open_path(&l->reader, path, NULL, &err) < 0) {
        die(path, &err);
    }
    while (pmt_reader_next(l->reader, &event, &err) == PMT_OK) {
        if (event.type == PMT_EVENT_STREAM) {
            l->stream = event.stream;
        }
        if (event.type == PMT_EVENT_RECORDS && event.envelope.kind == kind) {
            keep(l, &event);
        }
    }
}

static void define(struct pmt_writer *w, const struct pmt_stream *s)
{
    struct pmt_code code;
    struct pmt_type type;
    struct pmt_site site;
    struct pmt_cfunction cfunction;
    struct pmt_class class_;
    uint32_t id;

    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_CODES); id++) {
        if (pmt_stream_code(s, id, &code)) {
            pmt_writer_define_code(w, id, code.file.bytes, code.file.length,
                                   code.function.bytes, code.function.length,
                                   code.first_line, NULL);
        }
    }
    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_TYPES); id++) {
        if (pmt_stream_type(s, id, &type)) {
            pmt_writer_define_type(w, id, type.name.bytes, type.name.length,
                                   type.basic_size, type.item_size, NULL);
        }
    }
    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_STACKS); id++) {
        if (pmt_stream_site(s, id, &site)) {
            pmt_writer_define_stack(w, id, site.parent, site.code, site.line,
                                    NULL);
        }
    }
    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_CFUNCTIONS); id++) {
        if (pmt_stream_cfunction(s, id, &cfunction)) {
            pmt_writer_define_cfunction(
                w, id, cfunction.name.bytes, cfunction.name.length,
                cfunction.module.bytes, cfunction.module.length, NULL);
        }
    }
    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_CLASSES); id++) {
        if (pmt_stream_class(s, id, &class_) &&
            class_.kind != PMT_KIND_OBJECT) {
            pmt_writer_define_class(w, class_number(id), class_.kind,
                                    class_.what, class_.stack,
                                    class_.cfunction, NULL);
        }
    }
}

static void write_records(struct pmt_writer *w, const struct loaded *l,
                          uint32_t tick)
{
    struct pmt_error err;
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && i < l->count; i++) {
        if (l->kind == PMT_KIND_ALLOC) {
            struct pmt_alloc a = ((struct pmt_alloc *)l->records)[i];

            a.time /= tick;
            rc = pmt_writer_alloc(w, &a, &err);
        } else if (l->kind == PMT_KIND_OBJECT) {
            struct pmt_object o = ((struct pmt_object *)l->records)[i];

            o.time /= tick;
            rc = pmt_writer_object(w, &o, &err);
        } else {
            struct pmt_call c = ((struct pmt_call *)l->records)[i];

            c.time /= tick;
            rc = pmt_writer_call(w, l->kind, &c, &err);
        }
    }
    if (rc < 0 || pmt_writer_finish(w, 1, &err) < 0) {
        die("writing", &err);
    }
}

/* Reads all records of a trace in memory: into structures, where the reader
 * has them. */
static double read_back(const struct pmt_buffer *b, const struct loaded *l)
{
    double start = seconds();
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event event;
    struct pmt_error err;
    size_t n = 0;

    pmt_source_from_memory(&source, b->bytes, b->used);
    if (pmt_reader_open(&r, &source, NULL, &err) < 0) {
        die("reading", &err);
    }
    while (pmt_reader_next(r, &event, &err) == PMT_OK) {
        if (event.type == PMT_EVENT_DAMAGE) {
            die("reading back", &event.damage);
        }
        if (event.type == PMT_EVENT_RECORDS && event.envelope.kind == l->kind) {
            n += event.envelope.count;
            if (l->kind == PMT_KIND_ALLOC) {
                (void)pmt_reader_allocs(r);
            } else {
                (void)pmt_reader_objects(r);
            } /* the columns of the others are decoded already */
        }
    }
    pmt_reader_free(r);
    if (n != l->count) {
        fprintf(stderr, "bench-format: read %zu of %zu records\n", n,
                l->count);
        exit(2);
    }
    return seconds() - start;
}

static void run(const struct loaded *l, const struct setting *s)
{
    uint32_t recorded = pmt_stream_header(l->stream)->tick_ns;
    uint32_t tick = s->tick_ns > recorded ? s->tick_ns / recorded : 1;
    struct pmt_stream_info info = {.tick_ns = tick * recorded, .uuid = {1}};
    struct pmt_buffer b = {NULL, 0, 0};
    double encode = 1e9;
    double decode = 1e9;

    for (int i = 0; i < RUNS; i++) {
        struct pmt_sink sink;
        struct pmt_writer *w;
        struct pmt_error err;
        double start, took;

        b.used = 0;
        pmt_sink_to_buffer(&sink, &b);
        if (pmt_writer_new(&w, &sink, &info, &s->options, &err) < 0) {
            die("writing", &err);
        }
        define(w, l->stream);
        start = seconds();
        write_records(w, l, tick);
        took = seconds() - start;
        encode = took < encode ? took : encode;
        pmt_writer_free(w);
        took = read_back(&b, l);
        decode = took < decode ? took : decode;
    }
    printf("  %-26s %7.3f B  encode %6.1f ns  decode %6.1f ns  %6.1f M/s\n",
           s->name, (double)b.used / (double)l->count,
           1e9 * encode / (double)l->count, 1e9 * decode / (double)l->count,
           (double)l->count / decode / 1e6);
    pmt_buffer_release(&b);
}

static const struct setting settings[] = {
    {"default", 100, {0}},
    {"records 16384", 100, {.chunk_records = 16384}},
    {"records 32768", 100, {.chunk_records = 32768}},
    {"no prediction", 100, {.no_prediction = 1}},
    {"epoch 16", 100, {.epoch_chunks = 16}},
    {"tick 1", 1, {0}},
    {"tick 10", 10, {0}},
    {"tick 50", 50, {0}},
    {"tick 64", 64, {0}},
    {"tick 200", 200, {0}},
    {"tick 1000", 1000, {0}},
    {"level 3", 100, {.level = 3}},
    {"level 9", 100, {.level = 9}},
};

int main(int argc, char **argv)
{
    static const struct {
        enum pmt_kind kind;
        const char *name;
    } kinds[] = {{PMT_KIND_ALLOC, "alloc"},
                 {PMT_KIND_OBJECT, "object"},
                 {PMT_KIND_CALL, "call"},
                 {PMT_KIND_LINE, "line"}};

    for (int i = 1; i < argc; i++) {
        for (int k = 0; k < 4; k++) {
            struct loaded l;

            load(&l, argv[i], kinds[k].kind);
            if (l.count) {
                printf("%s: %zu %s records\n", argv[i], l.count,
                       kinds[k].name);
                for (size_t s = 0; s < sizeof settings / sizeof *settings;
                     s++) {
                    run(&l, &settings[s]);
                    fflush(stdout);
                }
            }
            free(l.records);
            pmt_reader_free(l.reader);
        }
    }
    return 0;
}
