/*
 * fuzz-journal.c - any bytes as the journal that lies beside a good trace.
 *
 * An input is a short form of a journal: one byte of flags, the header, and
 * for each segment its header, a length of two bytes, and so much data. What
 * pmt_journal_open asks of a header is put right unless the flags say no.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "pmt/journal.h"
#include "pmt/recover.h"
#include "pmt/writer.h"
#include "reader-state.h"

#define SEGMENTS 3u
#define SEGMENT_BYTES 4160u
#define JOURNAL_BYTES (PMT_JOURNAL_HEADER_BYTES + SEGMENTS * SEGMENT_BYTES)
#define HEADER_BYTES sizeof(struct pmt_journal_header)

enum flag {
    FLAG_RAW_HEADER = 1, /* magic, version and sizes as given */
    FLAG_OTHER_UUID = 2, /* the stream's as given */
    FLAG_OTHER_END = 4   /* how much of the trace counts, as given */
};

static const uint8_t uuid[16] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
static char path[64];

/* ---- the trace ------------------------------------------------------------ */

static void define(struct pmt_writer *w)
{
    FUZZ_MUST(pmt_writer_define_code(w, 1, "a.py", 4, "f", 1, 3, NULL) == 0);
    FUZZ_MUST(pmt_writer_define_stack(w, 1, 0, 1, 4, NULL) == 0);
    FUZZ_MUST(pmt_writer_define_stack(w, 2, 1, 1, 5, NULL) == 0);
    FUZZ_MUST(pmt_writer_define_type(w, 1, "list", 4, 56, 8, NULL) == 0);
    FUZZ_MUST(pmt_writer_define_thread(w, 1, 42, 43, "main", 4, NULL) == 0);
}

/* A stream without its end, as a killed process leaves it. */
static const struct pmt_buffer *trace(void)
{
    static struct pmt_buffer out;
    static const struct pmt_alloc a = {.time = 5, .address = 4096,
                                       .size = 64, .stack = 2, .thread = 1,
                                       .op = PMT_ALLOC_MALLOC};
    static const struct pmt_object o = {.time = 6, .address = 8192,
                                        .type = 1, .stack = 1, .thread = 1};
    struct pmt_stream_info info = {.tick_ns = 100};
    struct pmt_writer *w;
    struct pmt_sink sink;

    if (!out.used) {
        memcpy(info.uuid, uuid, sizeof uuid);
        pmt_sink_to_buffer(&sink, &out);
        FUZZ_MUST(pmt_writer_new(&w, &sink, &info, NULL, NULL) == PMT_OK);
        define(w);
        FUZZ_MUST(pmt_writer_alloc(w, &a, NULL) == PMT_OK);
        FUZZ_MUST(pmt_writer_object(w, &o, NULL) == PMT_OK);
        FUZZ_MUST(pmt_writer_flush(w, NULL) == PMT_OK);
        pmt_writer_free(w);
    }
    return &out;
}

/* ---- a good journal to begin with ----------------------------------------- */

static void give_records(struct pmt_journal *j)
{
    /* After those below, each with what stands before it. */
    static const struct pmt_raw more[] = {
        {0, UINT64_C(0x62) << 56 | 100, 0, 0},                 /* rss */
        {0, UINT64_C(0x63) << 56 | 7, PMT_KIND_CALL, 0},       /* gap */
        {0, UINT64_C(0x60) << 56, 1, 0},                       /* call */
        {0, UINT64_C(0x61) << 56, 2, 17},                      /* line */
        {0, UINT64_C(0x63) << 56 | 9, PMT_KIND_ALLOC, 0},
        {0, UINT64_C(0x64) << 56, 0, 2 << 1},                  /* gc */
        {0, UINT64_C(0x64) << 56 | 5000, 3, 1 | 2 << 1 | 4 << 8},
    };

    struct pmt_segment *s = pmt_journal_take(j, PMT_SEGMENT_RECORDS, 1);
    struct pmt_raw *raw = (struct pmt_raw *)(void *)s->data;
    uint64_t now = pmt_clock_raw(j->header->clock);

    raw[0] = (struct pmt_raw){now, pmt_raw_word(0x26, s), 100, 3};
    raw[1] = (struct pmt_raw){now + 1, pmt_raw_word(0x40, j), 2, 2};
    raw[2] = (struct pmt_raw){now + 2, pmt_raw_word(0x26, j), UINT32_MAX, 1};
    raw[3] = (struct pmt_raw){UINT64_C(1) << 33, pmt_raw_word(0x50, 0), 0, 0};
    raw[4] = (struct pmt_raw){now + 3, pmt_raw_word(0x22, s), 0, 0};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        raw[5 + i] = more[i];
        raw[5 + i].time = now + 4 + i;
    }
    s->head = 5 * sizeof *raw + sizeof more;
}

static void give_definitions(struct pmt_journal *j)
{
    struct pmt_segment *s = pmt_journal_take(j, PMT_SEGMENT_DEFINITIONS, 0);
    struct pmt_def code = {.type = PMT_DEF_CODE, .v = {2, 7, 4}};
    struct pmt_def stack = {.type = PMT_DEF_STACK, .v = {3, 2, 2, 8}};
    struct pmt_def type = {.type = PMT_DEF_TYPE, .v = {2, 16, 0}};
    struct pmt_def thread = {.type = PMT_DEF_THREAD, .v = {1, 42}};
    struct pmt_def mark = {.type = PMT_DEF_MARK, .v = {1}};
    struct pmt_def cfunction = {.type = PMT_DEF_CFUNCTION, .v = {1, 3}};
    struct pmt_def call = {.type = PMT_DEF_CLASS,
                           .v = {1, PMT_KIND_CALL | 2 << 8, 2, 1}};
    struct pmt_def line = {.type = PMT_DEF_CLASS,
                           .v = {2, PMT_KIND_LINE | 4 << 8, 3, 0}};
    struct pmt_def figures = {.type = PMT_DEF_FIGURES,
                              .v = {PMT_KIND_SAMPLE, 1, 42}};
    struct pmt_def rows = {.type = PMT_DEF_SNAPSHOT_ROWS, .v = {5, 2}};
    struct pmt_def snapshot = {.type = PMT_DEF_SNAPSHOT, .v = {5, 2, 4}};
    static const struct pmt_snapshot_row row[2] = {{2, 1, 3, 300, 2, 0},
                                                   {1, 0, 4, 400, 0, 0}};
    static const char lines[] = "rss\tB\t0\t4096\nn\t\t1\t-3\n";

    mark.wide = pmt_clock_raw(j->header->clock);
    figures.wide = snapshot.wide = mark.wide;
    FUZZ_MUST(pmt_journal_define(j, s, &code, "b.py", 4, "g", 1));
    FUZZ_MUST(pmt_journal_define(j, s, &stack, NULL, 0, NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &type, "dict", 4, NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &thread, "again", 5, NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &mark, "warm", 4, NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &cfunction, "len", 3, "m", 1));
    FUZZ_MUST(pmt_journal_define(j, s, &call, NULL, 0, NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &line, NULL, 0, NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &figures, lines, sizeof lines - 1,
                                 NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &rows, (const char *)row, sizeof row,
                                 NULL, 0));
    FUZZ_MUST(pmt_journal_define(j, s, &snapshot, "peak", 4, "t\tB\t1\n",
                                 6));
}

static size_t good_input(uint8_t *data, size_t room)
{
    struct pmt_journal j;
    uint8_t *p = data;

    if (room < 1 + HEADER_BYTES + 2 * (PMT_SEGMENT_HEADER_BYTES + 1026)) {
        return 0;
    }
    FUZZ_MUST(pmt_journal_create(&j, NULL, 2, 100, 1, NULL) == PMT_OK);
    give_definitions(&j);
    give_records(&j);
    pmt_journal_lose(&j, PMT_LOSS_FULL, 3);
    *p++ = 0;
    memcpy(p, j.header, HEADER_BYTES);
    p += HEADER_BYTES;
    for (uint32_t i = 0; i < 2; i++) {
        const struct pmt_segment *s = pmt_journal_segment(&j, i);
        uint16_t n = (uint16_t)s->head;

        memcpy(p, s, PMT_SEGMENT_HEADER_BYTES);
        memcpy(p + PMT_SEGMENT_HEADER_BYTES, &n, 2);
        memcpy(p + PMT_SEGMENT_HEADER_BYTES + 2, s->data, n);
        p += PMT_SEGMENT_HEADER_BYTES + 2 + n;
    }
    pmt_journal_close(&j);
    return (size_t)(p - data);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    if (size <= 1 || seed % 64 == 0) {
        size = good_input(data, room);
    }
    return LLVMFuzzerMutate(data, size, room);
}

/* ---- from an input to a file ---------------------------------------------- */

static size_t take(const uint8_t **data, size_t *size, void *to, size_t n)
{
    n = n < *size ? n : *size;
    memcpy(to, *data, n);
    *data += n;
    *size -= n;
    return n;
}

static void make_header(struct pmt_journal_header *h, unsigned flags)
{
    if (!(flags & FLAG_RAW_HEADER)) {
        memcpy(h->magic, PMT_JOURNAL_MAGIC, sizeof h->magic);
        h->version = PMT_JOURNAL_VERSION;
        h->header_bytes = PMT_JOURNAL_HEADER_BYTES;
        h->segment_bytes = SEGMENT_BYTES;
        h->segment_count = SEGMENTS;
        h->clock &= 1;
        h->tick_ns = h->tick_ns % 1000000000 + 1;
        h->raw_per_ns_q32 += !h->raw_per_ns_q32;
    }
    if (!(flags & FLAG_OTHER_UUID)) {
        memcpy(h->uuid, uuid, sizeof uuid);
    }
    if (!(flags & FLAG_OTHER_END)) {
        h->committed_end = h->pending_end = trace()->used;
        h->part = 0;
    }
}

static void make_journal(const uint8_t *data, size_t size, uint8_t *journal)
{
    struct pmt_journal_header header;
    uint8_t flags = 0;
    uint8_t *at = journal + PMT_JOURNAL_HEADER_BYTES;

    memset(journal, 0, JOURNAL_BYTES);
    memset(&header, 0, sizeof header);
    take(&data, &size, &flags, 1);
    take(&data, &size, &header, sizeof header);
    make_header(&header, flags);
    memcpy(journal, &header, sizeof header);
    for (unsigned i = 0; i < SEGMENTS; i++) {
        uint16_t n = 0;

        take(&data, &size, at, PMT_SEGMENT_HEADER_BYTES);
        take(&data, &size, &n, sizeof n);
        take(&data, &size, at + PMT_SEGMENT_HEADER_BYTES,
             n % (SEGMENT_BYTES - PMT_SEGMENT_HEADER_BYTES + 1));
        at += SEGMENT_BYTES;
    }
}

static void remove_file(void)
{
    unlink(path);
}

static void write_file(const uint8_t *journal)
{
    static int fd = -1;

    if (fd < 0) {
        const char *folder = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

        snprintf(path, sizeof path, "%s/pmt-fuzz-%ld", folder,
                 (long)getpid());
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
        FUZZ_MUST(fd >= 0);
        atexit(remove_file);
    }
    FUZZ_MUST(pwrite(fd, journal, JOURNAL_BYTES, 0) == JOURNAL_BYTES);
}

/* ---- what must hold ------------------------------------------------------- */

static void recover(uint64_t records)
{
    static struct pmt_buffer out;
    struct pmt_recovery report;
    struct pmt_source source;
    struct pmt_sink sink;
    struct fuzz_walk after;
    struct pmt_error err;
    int rc;

    out.used = 0;
    pmt_sink_to_buffer(&sink, &out);
    pmt_source_from_memory(&source, trace()->bytes, trace()->used);
    rc = pmt_recover(&source, path, &sink, &report, &err);
    pmt_source_close(&source);
    if (rc == PMT_ERR_NOT_A_TRACE) {
        return; /* the journal says that nothing of it counts */
    }
    FUZZ_MUST(rc == PMT_OK);
    fuzz_walk(out.bytes, out.used, 0, NULL, &after);
    FUZZ_MUST(after.ended == PMT_END || !report.chunks_kept);
    FUZZ_MUST(after.damages == 0 && after.records == records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[JOURNAL_BYTES];
    struct pmt_journal journal;
    struct pmt_source source;
    struct pmt_reader *r;
    struct fuzz_walk walk;
    struct pmt_error err;
    int rc;

    make_journal(data, size, bytes);
    write_file(bytes);
    rc = pmt_journal_open(&journal, path, &err);
    if (rc < 0) {
        FUZZ_MUST(rc == PMT_ERR_CORRUPT);
        return 0;
    }
    memset(&walk, 0, sizeof walk);
    pmt_source_from_memory(&source, trace()->bytes, trace()->used);
    rc = pmt_reader_open_both(&r, &source, 0, &journal, NULL, &err);
    if (rc < 0) {
        FUZZ_MUST(rc == PMT_ERR_NOT_A_TRACE);
        return 0;
    }
    fuzz_walk_reader(r, trace()->used, &walk);
    FUZZ_MUST(walk.ended == PMT_END);
    if (fuzz_touch(data, size) % 4 == 0) {
        recover(walk.records);
    }
    return 0;
}
