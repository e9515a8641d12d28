/* dump.c: what both renderings of dump.h share. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/record.h"

struct pmt_dump *pmt_dump_new(FILE *file,
                              const struct pmt_dump_filter *filter)
{
    struct pmt_dump *d = calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    d->file = file;
    d->filter = *filter;
    pmt_json_init(&d->json, file);
    return d;
}

void pmt_dump_from(struct pmt_dump *d, struct pmt_reader *reader)
{
    d->reader = reader;
    memset(d->sites, 0, sizeof d->sites);
}

void pmt_dump_free(struct pmt_dump *d)
{
    free(d);
}

#define BIT(kind) (UINT32_C(1) << PMT_KIND_##kind)

uint32_t pmt_dump_needs(uint32_t kinds)
{
    static const uint32_t stacks = BIT(STACKS) | BIT(CODES);
    static const struct {
        uint32_t kinds, needs;
    } rules[] = {
        {BIT(CALL) | BIT(LINE) | BIT(OBJECT),
         BIT(CLASSES) | BIT(CFUNCTIONS) | BIT(TYPES) | stacks | BIT(THREADS)},
        {BIT(ALLOC), stacks | BIT(THREADS)},
        {BIT(SNAPSHOT), stacks | BIT(TYPES)},
        {BIT(LIVE_SET), stacks | BIT(TYPES) | BIT(THREADS)},
        {BIT(SAMPLE) | BIT(HEAP) | BIT(MARK) | BIT(GC), BIT(THREADS)},
        {BIT(CLASSES), BIT(CFUNCTIONS) | BIT(TYPES) | stacks},
        {BIT(STACKS), BIT(CODES)},
    };
    uint32_t all = kinds;

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (kinds & rules[i].kinds)
            all |= rules[i].needs;
    return all;
}

uint32_t pmt_dump_tick_ns(const struct pmt_event *event)
{
    return pmt_stream_header(event->stream)->tick_ns;
}

uint64_t pmt_dump_rss_unit(const struct pmt_event *event)
{
    return pmt_stream_header(event->stream)->rss_unit;
}
