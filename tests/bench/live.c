/*
 * live.c - what reconstruction of the live set costs: time per record and
 * memory per live block.
 *
 * usage: bench-live [TRACE...]
 *
 * Of each trace: decoding alone, and decoding with the live set, per record.
 * Then records made here, for live sets of other sizes: blocks released soon
 * (most of the last 64) or at random, by the live set alone. Times are of the
 * processor, the least of RUNS. "floor" is the same records through one 64-bit
 * multiplication and one addition each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "live-set.h"
#include "live.h"
#include "pmt/reader.h"

#define RUNS 3
#define BATCH 65536

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what, const struct pmt_error *err)
{
    fprintf(stderr, "bench-live: %s: %s\n", what, err->message);
    exit(2);
}

/* ---- traces ------------------------------------------------------------ */

struct pass {
    double seconds;
    uint64_t records;
    uint64_t peak_blocks, peak_memory;
};

static void note_memory(struct pass *pass, const struct pmt_live_sets *live)
{
    uint64_t blocks = 0, memory = 0;

    for (size_t i = 0; i < live->stream_count; i++)
        for (int which = 0; which < PMT_LIVE_KINDS; which++) {
            blocks += live->streams[i].sets[which].now.count;
            memory += pmt_live_set_memory(&live->streams[i].sets[which]);
        }
    if (blocks > pass->peak_blocks) {
        pass->peak_blocks = blocks;
        pass->peak_memory = memory;
    }
}

static void read_once(const char *path, bool with_live, struct pass *pass)
{
    struct pmt_reader_options options = {
        .skip_kinds = pmt_live_sets_skip_kinds(PMT_LIVE_ALLOC |
                                               PMT_LIVE_OBJECT),
        .no_journal = true,
    };
    struct pmt_live_sets live;
    struct pmt_reader *reader;
    struct pmt_event event;
    struct pmt_error err;
    double start = seconds();
    int code;

    memset(pass, 0, sizeof *pass);
    pmt_live_sets_init(&live, PMT_LIVE_ALLOC | PMT_LIVE_OBJECT);
    if (pmt_reader_open_path(&reader, path, &options, &err))
        die(path, &err);
    while ((code = pmt_reader_next(reader, &event, &err)) == PMT_OK) {
        if (event.type == PMT_EVENT_RECORDS)
            pass->records += event.envelope.count;
        if (event.type == PMT_EVENT_RECORDS && !with_live) {
            pmt_reader_allocs(reader);
            pmt_reader_objects(reader);
        }
        if (with_live && pmt_live_sets_take(&live, reader, &event, &err))
            die(path, &err);
        if (with_live)
            note_memory(pass, &live);
    }
    if (code < 0)
        die(path, &err);
    pass->seconds = seconds() - start;
    pmt_live_sets_release(&live);
    pmt_reader_free(reader);
}

static struct pass best_of(const char *path, bool with_live)
{
    struct pass best = {.seconds = 1e9}, pass;

    for (int run = 0; run < RUNS; run++) {
        read_once(path, with_live, &pass);
        if (pass.seconds < best.seconds)
            best = pass;
    }
    return best;
}

static void measure_trace(const char *path)
{
    struct pass decode = best_of(path, false);
    struct pass live = best_of(path, true);
    double records = (double)live.records;

    printf("%s: %.0f records: decode %.1f ns, with live set %.1f ns a record "
           "(%.1f million a second); %llu blocks at most, %.1f bytes each\n",
           path, records, decode.seconds / records * 1e9,
           live.seconds / records * 1e9, records / live.seconds / 1e6,
           (unsigned long long)live.peak_blocks,
           live.peak_blocks ? (double)live.peak_memory /
                                  (double)live.peak_blocks
                            : 0);
}

/* ---- records made here -------------------------------------------------- */

struct heap {
    uint64_t *live, *given_back; /* addresses; the last given back is first */
    size_t live_count, given_count;
    uint64_t next, time;
};

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

/* The set grows to nine tenths of `size` and then wavers about it. */
static void make_record(struct heap *heap, size_t size, bool soon,
                        struct pmt_alloc *record)
{
    uint64_t grow = heap->live_count < size / 10 * 9 ? 70 : 50;
    size_t near = heap->live_count < 64 ? heap->live_count : 64, at;

    *record = (struct pmt_alloc){.time = heap->time++};
    if (heap->live_count == 0 ||
        (heap->live_count < size && random_below(100) < grow)) {
        if (heap->given_count > 0)
            record->address = heap->given_back[--heap->given_count];
        else
            record->address = heap->next += 16 + random_below(8) * 16;
        heap->live[heap->live_count++] = record->address;
        record->op = PMT_ALLOC_MALLOC;
        record->size = 64;
        record->stack = (uint32_t)random_below(1000);
        return;
    }
    at = soon && random_below(10) < 8
             ? heap->live_count - 1 - random_below(near)
             : random_below(heap->live_count);
    record->op = PMT_ALLOC_FREE;
    record->address = heap->live[at];
    heap->given_back[heap->given_count++] = record->address;
    heap->live[at] = heap->live[--heap->live_count];
}

static uint64_t floor_of(const struct pmt_alloc *records, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += records[i].address * 0x9e3779b97f4a7c15u + records[i].op;
    return sum;
}

static void measure_made(size_t size, bool soon)
{
    struct heap heap = {.next = 0x7f0000000000};
    struct pmt_alloc *records = malloc(BATCH * sizeof *records);
    struct pmt_live_set set;
    double start, in_set = 0, in_floor = 0;
    size_t total = size * 12 < 10000000 ? 10000000 : size * 12, done;
    uint64_t sum = 0;

    heap.live = malloc((size + 1) * sizeof *heap.live);
    heap.given_back = malloc((size + 1) * sizeof *heap.given_back);
    if (!records || !heap.live || !heap.given_back)
        exit(2);
    pmt_live_set_init(&set, PMT_KIND_ALLOC);
    for (done = 0; done < total; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++)
            make_record(&heap, size, soon, &records[i]);
        start = seconds();
        sum += floor_of(records, BATCH);
        in_floor += seconds() - start;
        start = seconds();
        if (pmt_live_set_allocs(&set, records, BATCH))
            exit(2);
        in_set += seconds() - start;
    }
    printf("%8u live blocks, released %s: %5.1f ns a record (%.1f million a "
           "second; floor %.1f ns), %.1f bytes a block%s\n",
           set.table.count, soon ? "soon     " : "at random",
           in_set / (double)done * 1e9, (double)done / in_set / 1e6,
           in_floor / (double)done * 1e9,
           (double)pmt_live_set_memory(&set) / set.table.count,
           sum ? "" : " ");
    pmt_live_set_release(&set);
    free(heap.live);
    free(heap.given_back);
    free(records);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {10000, 100000, 1000000, 5000000};

    for (int i = 1; i < argc; i++)
        measure_trace(argv[i]);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        measure_made(sizes[i], true);
        measure_made(sizes[i], false);
    }
    return 0;
}
