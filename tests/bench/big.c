/*
 * big.c - makes a big trace of a recording: its records again and again, as
 * further time of one program whose live set stays bounded.
 *
 * usage: bench-big [-k alloc|object] [-f FIRST] [-c CYCLE] [-n RECORDS] [-s SEED]
 *                  IN OUT
 *
 * Records FIRST (0) to FIRST + CYCLE (250,000) of kind `alloc` of the first
 * stream of IN are a cycle. Each time they come with later times and addresses of their
 * own; what a cycle leaves alive is released at the end of the next one. OUT
 * has exactly RECORDS records (1,000,000) and the tables of IN. The same
 * arguments give the same bytes; SEED is in the stream's uuid.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live-set.h"
#include "pmt/reader.h"
#include "pmt/writer.h"

/* So many cycles have addresses of their own, so far from each other. */
#define PLACES 16
#define PLACE_BITS 36

struct big {
    struct pmt_reader *reader; /* keeps the tables */
    const struct pmt_stream *stream;
    enum pmt_kind kind;
    uint64_t want, first, cycle, seed;

    struct pmt_alloc *allocs;   /* one of both */
    struct pmt_object *objects;
    uint64_t count, span;       /* of a cycle: records, ticks */
    struct pmt_block *left;     /* what a cycle leaves alive */
    uint64_t left_count;

    struct pmt_writer *writer;
    uint64_t written, time;
};

static void die(const char *what, const struct pmt_error *err)
{
    fprintf(stderr, "bench-big: %s%s%s\n", what, err ? ": " : "",
            err ? err->message : "");
    exit(2);
}

static void *room(size_t n, size_t each)
{
    void *p = calloc(n ? n : 1, each);

    if (!p)
        die("no memory", NULL);
    return p;
}

/* ---- the cycle ---------------------------------------------------------- */

static void keep(struct big *big, const struct pmt_event *event)
{
    uint64_t n = event->envelope.count, skip = big->first;

    if (skip > n)
        skip = n;
    big->first -= skip;
    n -= skip;
    if (n > big->cycle - big->count)
        n = big->cycle - big->count;
    if (big->kind == PMT_KIND_ALLOC)
        memcpy(big->allocs + big->count,
               pmt_reader_allocs(big->reader) + skip, n * sizeof *big->allocs);
    else
        memcpy(big->objects + big->count,
               pmt_reader_objects(big->reader) + skip,
               n * sizeof *big->objects);
    big->count += n;
}

/* Reads all of the trace, for the tables. */
static void load(struct big *big, const char *path)
{
    struct pmt_event event;
    struct pmt_error err;

    big->allocs = room(big->cycle, sizeof *big->allocs);
    big->objects = room(big->cycle, sizeof *big->objects);
    if (pmt_reader_open_path(&big->reader, path, NULL, &err) < 0)
        die(path, &err);
    while (pmt_reader_next(big->reader, &event, &err) == PMT_OK) {
        if (event.type == PMT_EVENT_STREAM && !big->stream)
            big->stream = event.stream;
        if (event.type == PMT_EVENT_RECORDS && event.stream == big->stream &&
            event.envelope.kind == big->kind)
            keep(big, &event);
    }
    if (!big->count)
        die("no records of that kind", NULL);
}

/* Leaves out releases of blocks that were there before, and finds out what
 * is alive at the end. */
static void settle(struct big *big)
{
    const uint64_t no_size = 0;
    struct pmt_live_set set;
    const struct pmt_block *block;
    uint64_t kept = 0, first = 0;
    uint32_t at = 0;

    pmt_live_set_init(&set, big->kind);
    for (uint64_t i = 0; i < big->count; i++) {
        uint64_t unknown = set.counts.unknown_before_loss;
        int rc = big->kind == PMT_KIND_ALLOC
                     ? pmt_live_set_allocs(&set, &big->allocs[i], 1)
                     : pmt_live_set_objects(&set, &big->objects[i], NULL, &no_size,
                                            1, NULL);

        if (rc)
            die("no memory", NULL);
        if (set.counts.unknown_before_loss != unknown)
            continue;
        big->allocs[kept] = big->allocs[i];
        big->objects[kept++] = big->objects[i];
    }
    big->count = kept;
    big->left = room(set.table.count, sizeof *big->left);
    while ((block = pmt_live_table_next(&set.table, &at)) != NULL)
        big->left[big->left_count++] = *block;
    first = big->kind == PMT_KIND_ALLOC ? big->allocs[0].time
                                        : big->objects[0].time;
    for (uint64_t i = 0; i < kept; i++) {
        big->allocs[i].time -= first;
        big->objects[i].time -= first;
    }
    big->span = 1 + (big->kind == PMT_KIND_ALLOC
                         ? big->allocs[kept - 1].time
                         : big->objects[kept - 1].time);
    pmt_live_set_release(&set);
}

/* ---- writing ------------------------------------------------------------ */

static void define_threads(struct pmt_writer *w, const struct pmt_stream *s)
{
    struct pmt_thread t;

    for (uint32_t id = 1; id < pmt_stream_table_size(s, PMT_KIND_THREADS);
         id++)
        if (pmt_stream_thread(s, id, &t))
            pmt_writer_define_thread(w, id, t.native_id, t.ident,
                                     t.name.bytes, t.name.length, NULL);
}

static void define(struct pmt_writer *w, const struct pmt_stream *s)
{
    struct pmt_code code;
    struct pmt_type type;
    struct pmt_site site;
    uint32_t id;

    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_CODES); id++)
        if (pmt_stream_code(s, id, &code))
            pmt_writer_define_code(w, id, code.file.bytes, code.file.length,
                                   code.function.bytes, code.function.length,
                                   code.first_line, NULL);
    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_TYPES); id++)
        if (pmt_stream_type(s, id, &type))
            pmt_writer_define_type(w, id, type.name.bytes, type.name.length,
                                   type.basic_size, type.item_size, NULL);
    for (id = 1; id < pmt_stream_table_size(s, PMT_KIND_STACKS); id++)
        if (pmt_stream_site(s, id, &site))
            pmt_writer_define_stack(w, id, site.parent, site.code, site.line,
                                    NULL);
    define_threads(w, s);
}

static uint64_t place(uint64_t cycle)
{
    return cycle % PLACES << PLACE_BITS;
}

/* False: enough are written. */
static bool put_alloc(struct big *big, struct pmt_alloc *record,
                      uint64_t cycle)
{
    struct pmt_error err;

    record->address += place(cycle);
    if (pmt_writer_alloc(big->writer, record, &err) < 0)
        die("writing", &err);
    return ++big->written < big->want;
}

static bool put_object(struct big *big, struct pmt_object *record,
                       uint64_t cycle)
{
    struct pmt_error err;

    record->address += place(cycle);
    if (pmt_writer_object(big->writer, record, &err) < 0)
        die("writing", &err);
    return ++big->written < big->want;
}

static bool put_cycle(struct big *big, uint64_t cycle)
{
    bool more = big->written < big->want;

    for (uint64_t i = 0; more && i < big->count; i++) {
        struct pmt_alloc a = big->allocs[i];
        struct pmt_object o = big->objects[i];

        a.time += big->time;
        o.time += big->time;
        more = big->kind == PMT_KIND_ALLOC ? put_alloc(big, &a, cycle)
                                           : put_object(big, &o, cycle);
    }
    big->time += big->span;
    return more;
}

/* Releases what cycle `cycle` left. */
static bool put_left(struct big *big, uint64_t cycle)
{
    bool more = big->written < big->want;

    for (uint64_t i = 0; more && i < big->left_count; i++) {
        const struct pmt_block *b = &big->left[i];
        struct pmt_alloc a = {.time = big->time,
                              .address = b->address,
                              .thread = b->thread,
                              .op = PMT_ALLOC_FREE,
                              .domain = b->domain & 3};
        struct pmt_object o = {.time = big->time,
                               .address = b->address,
                               .type = b->type,
                               .stack = b->stack,
                               .thread = b->thread,
                               .op = PMT_OBJECT_DESTROY};

        more = big->kind == PMT_KIND_ALLOC ? put_alloc(big, &a, cycle)
                                           : put_object(big, &o, cycle);
    }
    return more;
}

static void write_all(struct big *big, const char *path)
{
    const struct pmt_stream_header *h = pmt_stream_header(big->stream);
    struct pmt_stream_info info = {.tick_ns = h->tick_ns,
                                   .clock = h->clock,
                                   .start_mono_ns = h->start_mono_ns,
                                   .start_real_ns = h->start_real_ns,
                                   .producer = "pmtrace bench",
                                   .pid = h->pid};
    struct pmt_sink sink;
    struct pmt_error err;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool more = true;

    if (fd < 0)
        die(path, NULL);
    for (int i = 0; i < 8; i++)
        info.uuid[i] = (uint8_t)(big->seed >> (8 * i));
    info.uuid[8] = 1;
    pmt_sink_to_fd(&sink, fd);
    if (pmt_writer_new(&big->writer, &sink, &info, NULL, &err) < 0)
        die("writing", &err);
    define(big->writer, big->stream);
    for (uint64_t cycle = 0; more; cycle++) {
        more = put_cycle(big, cycle);
        if (cycle && more)
            more = put_left(big, cycle - 1);
    }
    if (pmt_writer_finish(big->writer, 1, &err) < 0)
        die("writing", &err);
    if (close(fd) < 0)
        die(path, NULL);
    pmt_writer_free(big->writer);
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);

    if (*end || end == text)
        die("not a number", NULL);
    return n;
}

int main(int argc, char **argv)
{
    struct big big = {.kind = PMT_KIND_ALLOC,
                      .want = 1000000,
                      .cycle = 250000,
                      .seed = 1};
    int letter;

    while ((letter = getopt(argc, argv, "k:f:c:n:s:")) != -1) {
        if (letter == 'k')
            big.kind = strcmp(optarg, "object") == 0 ? PMT_KIND_OBJECT
                                                     : PMT_KIND_ALLOC;
        else if (letter == 'f')
            big.first = number(optarg);
        else if (letter == 'c')
            big.cycle = number(optarg);
        else if (letter == 'n')
            big.want = number(optarg);
        else if (letter == 's')
            big.seed = number(optarg);
        else
            return 2;
    }
    if (argc - optind != 2 || !big.cycle || !big.want)
        die("usage: bench-big [-k alloc|object] [-f FIRST] [-c CYCLE] "
            "[-n RECORDS] [-s SEED] IN OUT", NULL);
    load(&big, argv[optind]);
    settle(&big);
    write_all(&big, argv[optind + 1]);
    fprintf(stderr, "%llu records of %s; a cycle of %llu leaves %llu alive\n",
            (unsigned long long)big.written,
            big.kind == PMT_KIND_ALLOC ? "alloc" : "object",
            (unsigned long long)big.count,
            (unsigned long long)big.left_count);
    free(big.allocs);
    free(big.objects);
    free(big.left);
    pmt_reader_free(big.reader);
    return 0;
}
