/*
 * ring.c - what a ring costs the thread that drains: `make benches`, then
 *
 *     build/tests/bench/ring LIVE RECORDS MAX_BYTES
 *
 * A program with LIVE blocks of malloc(3), of 16 to 512 bytes, gives RECORDS
 * times a random one back or has a new one, and records it; MAX_BYTES 0: not
 * into a ring. Prints one line: processor time a record to drain (encode and
 * write), the mean and the longest of a pass with a turn (a new part) in it,
 * which holds the drain up, and memory. For instructions a record: valgrind --tool=callgrind
 * --toggle-collect=pmt_drain_pass, with a ring and without.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pmt/drain.h"
#include "pmt/journal.h"

#define STACKS 2000u
#define BATCH 20000u

struct bench {
    struct pmt_journal journal;
    struct pmt_drain *drain;
    struct pmt_segment *segment;
    void **blocks;
    size_t live;
    uint64_t random;
    uint64_t drain_ns;
    uint64_t turn_ns, turn_max_ns, turns;
};

static uint64_t next_random(struct bench *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

static void put(struct bench *b, unsigned op, void *address, uint32_t size)
{
    struct pmt_raw raw = {
        .time = pmt_clock_raw(b->journal.header->clock),
        .word = pmt_raw_word(pmt_raw_alloc_tag(op, PMT_DOMAIN_RAW), address),
        .a = size,
        .b = op == PMT_ALLOC_FREE ? 0 : (uint32_t)next_random(b) % STACKS + 1,
    };

    if (b->segment &&
        b->segment->head + sizeof raw > pmt_segment_capacity(&b->journal)) {
        pmt_journal_give(b->segment);
        b->segment = NULL;
    }
    if (!b->segment) {
        b->segment = pmt_journal_take(&b->journal, PMT_SEGMENT_RECORDS, 1);
    }
    if (!b->segment) {
        fprintf(stderr, "ring: the journal is full\n");
        exit(2);
    }
    memcpy(b->segment->data + b->segment->head, &raw, sizeof raw);
    b->segment->head += sizeof raw;
}

static void have(struct bench *b, size_t i)
{
    uint32_t size = 16 + (uint32_t)next_random(b) % 497;

    b->blocks[i] = malloc(size);
    put(b, PMT_ALLOC_MALLOC, b->blocks[i], size);
}

static void define(struct bench *b)
{
    struct pmt_segment *s =
        pmt_journal_take(&b->journal, PMT_SEGMENT_DEFINITIONS, 0);

    pmt_journal_define(&b->journal, s,
                       &(struct pmt_def){.type = PMT_DEF_CODE,
                                         .v = {1, 1, 4}},
                       "a.pyf", 5, NULL, 0);
    for (uint32_t id = 1; id <= STACKS; id++) {
        if (!pmt_journal_define(&b->journal, s,
                                &(struct pmt_def){
                                    .type = PMT_DEF_STACK,
                                    .v = {id, id > 1 ? id / 2 : 0, 1, id}},
                                NULL, 0, NULL, 0)) {
            exit(2);
        }
    }
}

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void drain(struct bench *b)
{
    struct pmt_ring_figures before, after;
    uint64_t start = cpu_ns();
    uint64_t took;

    pmt_drain_ring(b->drain, &before);
    if (pmt_drain_pass(b->drain, false, NULL) != PMT_OK) {
        exit(2);
    }
    took = cpu_ns() - start;
    pmt_drain_ring(b->drain, &after);
    b->drain_ns += took;
    if (after.part != before.part) {
        b->turns += after.part - before.part;
        b->turn_ns += took;
        b->turn_max_ns = took > b->turn_max_ns ? took : b->turn_max_ns;
    }
}

static void go(struct bench *b, uint64_t records)
{
    for (uint64_t done = 0; done < records;) {
        for (unsigned k = 0; k < BATCH && done < records; k += 2, done += 2) {
            size_t i = next_random(b) % b->live;

            put(b, PMT_ALLOC_FREE, b->blocks[i], 0);
            free(b->blocks[i]);
            have(b, i);
        }
        drain(b);
    }
}

int main(int argc, char **argv)
{
    struct bench b = {.random = 88172645463325252u};
    struct pmt_drain_target target = {.path = "/tmp/pmt-bench-ring.pmt"};
    const struct pmt_stream_info info = {.uuid = {1}, .tick_ns = 100};
    struct pmt_ring_figures f;
    uint64_t records, now, peak;

    if (argc != 4) {
        fprintf(stderr, "usage: ring LIVE RECORDS MAX_BYTES\n");
        return 2;
    }
    b.live = strtoull(argv[1], NULL, 0);
    records = strtoull(argv[2], NULL, 0);
    target.max_bytes = strtoull(argv[3], NULL, 0);
    b.blocks = calloc(b.live, sizeof *b.blocks);
    target.fd = open(target.path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (!b.blocks || target.fd < 0 ||
        pmt_journal_create(&b.journal, NULL, 64, 100, 1, NULL) != PMT_OK ||
        pmt_drain_new(&b.drain, &b.journal, &target, &info, NULL, NULL) !=
            PMT_OK) {
        fprintf(stderr, "ring: cannot begin in %s\n", target.path);
        return 2;
    }
    define(&b);
    for (size_t i = 0; i < b.live; i++) {
        have(&b, i);
        if (i % BATCH == BATCH - 1) {
            drain(&b);
        }
    }
    drain(&b);
    b.drain_ns = b.turn_ns = b.turn_max_ns = b.turns = 0;
    go(&b, records);
    pmt_drain_ring(b.drain, &f);
    pmt_drain_memory(b.drain, &now, &peak);
    printf("live %zu, records %llu: %.1f ns a record; turns %llu, mean %.2f "
           "ms, longest %.2f ms; disk %llu, memory %llu\n",
           b.live, (unsigned long long)records,
           (double)b.drain_ns / (double)records, (unsigned long long)b.turns,
           b.turns ? (double)b.turn_ns / 1e6 / (double)b.turns : 0,
           (double)b.turn_max_ns / 1e6, (unsigned long long)f.bytes,
           (unsigned long long)now);
    for (uint32_t part = 0; part <= f.part; part++) {
        char name[64];

        snprintf(name, sizeof name, "%s.%06u", target.path, part);
        unlink(name);
    }
    unlink(target.path);
    return 0;
}
