/*
 * dtrace-counts.c - what the converter counts in many logs, for
 * tests/dtrace/cuts.py, which knows what is right.
 *
 * Standard input is pairs of 32-bit numbers, little-endian, FROM and SIZE. A
 * FROM of 0xffffffff: SIZE bytes follow, the log from here on. Any other: the
 * SIZE bytes of that log that begin at FROM are converted, and a line tells
 *
 *     lines used other unused cut events
 *
 * Status 1 and a message when the totals contradict each other.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtrace/convert.h"

#define MUST(condition)                                                       \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fprintf(stderr, "dtrace-counts: not true: %s\n", #condition);     \
            exit(1);                                                          \
        }                                                                     \
    } while (0)

static uint32_t number(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void check(const struct dt_report *r)
{
    const struct dt_totals *t = &r->totals;
    uint64_t causes = 0;

    for (int i = 0; i < DT_CAUSES; i++)
        causes += r->causes[i].count;
    MUST(causes >= r->unused);
    MUST(r->used + r->other + r->unused == r->lines);
    MUST(t->bytes == t->bytes_freed + t->bytes_live + t->unseen_bytes);
    MUST(t->mallocs == t->frees + t->blocks_live + t->unseen);
}

static void convert(const char *bytes, size_t n)
{
    struct dt_options options = {.count_only = true};
    char *copy = malloc(n + !n); /* so that one byte too far is seen */
    struct pmt_sink none = {0};
    const struct dt_report *r;
    struct dt_convert *c;
    struct pmt_error err;
    bool any;

    MUST(copy != NULL);
    memcpy(copy, bytes, n);
    MUST(dt_convert_new(&c, &none, &options, &err) == PMT_OK);
    MUST(dt_convert_feed(c, copy, n, &err) == PMT_OK);
    MUST(dt_convert_finish(c, &any, &err) == PMT_OK);
    r = dt_convert_report(c);
    check(r);
    printf("%llu %llu %llu %llu %llu %llu\n", (unsigned long long)r->lines,
           (unsigned long long)r->used, (unsigned long long)r->other,
           (unsigned long long)r->unused,
           (unsigned long long)r->causes[DT_CUT].count,
           (unsigned long long)r->events);
    dt_convert_free(c);
    free(copy);
}

int main(void)
{
    unsigned char head[8];
    char *log = NULL;
    uint32_t size = 0;

    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        uint32_t from = number(head), n = number(head + 4);

        if (from == UINT32_MAX) {
            free(log);
            log = malloc((size_t)n + 1);
            MUST(log && fread(log, 1, n, stdin) == n);
            size = n;
        } else {
            MUST(log && from <= size && n <= size - from);
            convert(log + from, n);
        }
    }
    free(log);
    return fflush(stdout) == 0 ? 0 : 1;
}
