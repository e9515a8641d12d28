/* convert-event.c - what one call of an allocator means for the blocks. */
#include "convert-private.h"

uint64_t dt_product(uint64_t count, uint64_t size)
{
    uint64_t product;

    return __builtin_mul_overflow(count, size, &product) ? UINT64_MAX
                                                         : product;
}

static int acquire(struct dt_process *p, const struct dt_told *t, uint8_t op,
                   struct pmt_error *err)
{
    struct dt_event e = {
        .time = t->time, .address = t->block, .size = t->size,
        .site = t->site, .thread = t->thread, .what = DT_ACQUIRE, .op = op,
        .domain = t->domain,
    };

    return dt_stream_add(&p->stream, &e, err);
}

static int release(struct dt_process *p, const struct dt_told *t,
                   uint64_t address, uint8_t op, struct pmt_error *err)
{
    struct dt_event e = {
        .time = t->time - (t->took < t->time ? t->took : t->time),
        .address = address, .site = t->site, .thread = t->thread,
        .what = DT_RELEASE, .op = op, .domain = t->domain,
    };

    return dt_stream_add(&p->stream, &e, err);
}

/*
 * The old block is given back when the call begins, the new one is had when
 * it ends. Without a new block the old one stays, unless nothing was asked
 * for, which is a free in the C library of GNU.
 */
static int tell_realloc(struct dt_convert *c, struct dt_process *p,
                        const struct dt_told *t, struct pmt_error *err)
{
    int rc = PMT_OK;

    if (t->block == 0 && (t->size != 0 || t->old == 0)) {
        c->report.failed++;
        return PMT_OK;
    }
    if (t->old != 0)
        rc = release(p, t, t->old,
                     t->block ? PMT_ALLOC_REALLOC_FREE : PMT_ALLOC_FREE, err);
    if (rc == PMT_OK && t->block != 0)
        rc = acquire(p, t, PMT_ALLOC_REALLOC, err);
    return rc;
}

int dt_tell(struct dt_convert *c, struct dt_process *p,
            const struct dt_told *t, struct pmt_error *err)
{
    c->report.events++;
    switch ((enum dt_call)t->call) {
    case DT_FREE:
        if (t->old == 0) {
            c->report.null_frees++;
            return PMT_OK;
        }
        return release(p, t, t->old, PMT_ALLOC_FREE, err);
    case DT_REALLOC:
        return tell_realloc(c, p, t, err);
    case DT_MALLOC:
    case DT_CALLOC:
        break;
    }
    if (t->block == 0) {
        c->report.failed++;
        return PMT_OK;
    }
    return acquire(p, t,
                   t->call == DT_CALLOC ? PMT_ALLOC_CALLOC : PMT_ALLOC_MALLOC,
                   err);
}
