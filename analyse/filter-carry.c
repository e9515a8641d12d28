/* filter-carry.c: what is live where the window opens; see
 * filter-private.h. */
#include <stdlib.h>

#include "filter-private.h"

static size_t gather(const struct pmt_filter_stream *s,
                     const struct pmt_filter_set *set, enum pmt_kind kind,
                     struct pmt_live *rows)
{
    const struct pmt_block *block;
    uint32_t place = 0;
    size_t n = 0;

    while ((block = pmt_live_table_next(&set->table, &place))) {
        if (!(block->domain & PMT_FILTER_KEPT))
            continue;
        rows[n++] = (struct pmt_live){
            .address = block->address,
            .size = kind == PMT_KIND_ALLOC || s->sized ? block->size : 0,
            .time = block->time,
            .stack = block->stack,
            .thread = block->thread,
            .type = block->type,
            .domain = block->domain & 3,
            .of_kind = (uint8_t)kind,
        };
    }
    return n;
}

int pmt_filter_carry(struct pmt_filter *f, struct pmt_filter_stream *s,
                     enum pmt_filter_which which,
                     const struct pmt_envelope *where, struct pmt_error *err)
{
    enum pmt_kind kind = pmt_filter_kind_of(which);
    struct pmt_filter_set *set = &s->sets[which];
    struct pmt_envelope at = *where;
    struct pmt_live *rows;
    size_t count;
    int code;

    if (set->carried)
        return PMT_OK;
    set->carried = true;
    if (s->from == 0 || f->no_carry || !set->seen ||
        s->kinds[kind] == PMT_NEVER)
        return PMT_OK;
    rows = malloc(((size_t)set->table.count + 1) * sizeof *rows);
    if (!rows)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    count = gather(s, set, kind, rows);
    f->carried += count;
    at.t0 = at.t1 = s->from;
    at.ordinal = 0;
    code = f->out ? pmt_filter_flush(f, s, err) : PMT_OK;
    if (code == PMT_OK && f->out)
        code = pmt_rewriter_live_set(f->out, s->stream, &at, kind,
                                     rows, count, err);
    free(rows);
    if (s->kinds[kind] == PMT_ALWAYS)
        pmt_live_table_release(&set->table); /* not asked any more */
    return code;
}
