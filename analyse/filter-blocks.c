/* filter-blocks.c: records about blocks and objects; see filter-private.h. */
#include <stdlib.h>
#include <string.h>

#include "filter-private.h"

/* What goes for a chunk of records. */
struct pass {
    struct pmt_filter *f;
    struct pmt_filter_stream *s;
    struct pmt_filter_set *set;
    enum pmt_filter_which which;
    bool all;       /* all blocks are kept, */
    bool everyone;  /* blocks that are not kept are followed too */
};

static struct pass pass_of(struct pmt_filter *f, struct pmt_filter_stream *s,
                           enum pmt_filter_which which)
{
    return (struct pass){
        .f = f,
        .s = s,
        .set = &s->sets[which],
        .which = which,
        .all = s->kinds[pmt_filter_kind_of(which)] == PMT_ALWAYS && !f->first_pass,
        .everyone = f->first_pass || f->lives != NULL,
    };
}

void pmt_filter_release_set(struct pmt_filter_set *set)
{
    pmt_live_table_release(&set->table);
    pmt_live_table_release(&set->before);
    pmt_id_map_release(&set->threads);
    free(set->pending);
    memset(set, 0, sizeof *set);
}

static bool in_window(const struct pass *p, uint64_t time)
{
    return time >= p->s->from && time <= p->s->to;
}

/* ---- is it kept? --------------------------------------------------------- */

/* Of a block that is made: in a first pass none is. */
static bool is_kept(const struct pass *p, const struct pmt_block *block,
                    uint64_t number)
{
    struct pmt_subject subject = {
        .kind = pmt_filter_kind_of(p->which),
        .thread = block->thread,
        .stack = block->stack,
        .type = block->type,
        .has_size = true,
        .size = block->size,
        .has_domain = p->which == PMT_FILTER_BLOCKS,
        .domain = (uint8_t)(block->domain & ~PMT_FILTER_KEPT),
    };

    if (p->f->first_pass)
        return false;
    if (p->all)
        return true;
    if (p->f->lives)
        subject.lives = pmt_filter_lives_of(p->f, p->s, p->which, number);
    return pmt_expression_holds(p->f->x, p->s->stream,
                                (size_t)(p->s - p->f->streams), &subject);
}

/* Puts a block into the table, if it must be there. *old: the one that was at
 * its address; its `free` is set when there was none. PMT_OK or
 * PMT_ERR_MEMORY. */
static int put_block(const struct pass *p, struct pmt_block *block, bool kept,
                     uint64_t number, struct pmt_block *old)
{
    struct pmt_live_table *table = &p->set->table;
    bool was;

    if (kept)
        block->domain = (block->domain | PMT_FILTER_KEPT) & 0x7f;
    if (p->f->first_pass)
        block->size = number;
    if (!kept && !p->everyone) {
        was = pmt_live_table_remove(table, block->address, old);
    } else {
        if (pmt_live_table_reserve(table, 1))
            return PMT_ERR_MEMORY;
        was = pmt_live_table_put(table, block, old);
    }
    old->free = !was;
    return was && p->f->first_pass
               ? pmt_filter_life_ends(p->f, p->s, p->which, old, block->time)
               : PMT_OK;
}

/* ---- realloc ------------------------------------------------------------- */

/* The pending of a thread; NULL: it has none, or no memory when `make`. */
static struct pmt_filter_pending *pending_of(struct pmt_filter_set *set,
                                             uint32_t thread, bool make)
{
    uint32_t number = pmt_id_map_get(&set->threads, thread);

    if (number)
        return &set->pending[number - 1];
    if (!make)
        return NULL;
    if (set->pending_count == set->pending_room) {
        size_t room = set->pending_room * 2 + 8;
        void *more = realloc(set->pending, room * sizeof *set->pending);

        if (!more)
            return NULL;
        set->pending = more;
        set->pending_room = room;
    }
    if (pmt_id_map_set(&set->threads, thread,
                       (uint32_t)set->pending_count + 1))
        return NULL;
    memset(&set->pending[set->pending_count], 0, sizeof *set->pending);
    set->pending[set->pending_count].block.free = 1;
    return &set->pending[set->pending_count++];
}

/* It has no block any more. */
static void close_pending(struct pmt_filter_set *set,
                          struct pmt_filter_pending *pending)
{
    set->open -= !pending->block.free && pending->kept && pending->before;
    pending->block.free = 1;
}

/* The block of the thread's last realloc_free lives on. */
static int undo(const struct pass *p, const struct pmt_alloc *record,
                uint32_t i)
{
    struct pmt_filter_pending *pending =
        pending_of(p->set, record->thread, false);
    struct pmt_filter *f = p->f;
    struct pmt_block block, old;
    bool inside = in_window(p, record->time), before;

    f->keep[i] = p->all && inside ? PMT_KEEP : PMT_DROP;
    if (!pending || pending->block.free ||
        pending->block.address != record->address)
        return PMT_OK;
    block = pending->block;
    before = pending->before;
    close_pending(p->set, pending);
    if (!pending->kept && !p->everyone)
        return PMT_OK;
    if (pmt_live_table_reserve(&p->set->table, 1))
        return PMT_ERR_MEMORY;
    pmt_live_table_put(&p->set->table, &block, &old);
    if (!pending->kept || !inside)
        return PMT_OK;
    f->keep[i] = PMT_KEEP;
    if (!before)
        return PMT_OK;
    /* Its realloc_free came before the window. */
    f->keep[i] = PMT_KEEP_AS_MALLOC;
    f->with[f->with_count++] = (struct pmt_replacement){
        .stack = block.stack, .thread = block.thread, .size = block.size};
    return PMT_OK;
}

/* ---- records ------------------------------------------------------------- */

static int release(const struct pass *p, uint64_t address, uint64_t time,
                   uint32_t thread, bool realloc_, uint32_t i)
{
    struct pmt_block block = {.free = 1};
    struct pmt_filter_pending *pending;
    bool was = pmt_live_table_remove(&p->set->table, address, &block);
    bool kept = was && block.domain & PMT_FILTER_KEPT;

    if (!p->f->first_pass)
        p->f->keep[i] = in_window(p, time) && (kept || (p->all && !was))
                            ? PMT_KEEP
                            : PMT_DROP;
    if (realloc_) {
        pending = pending_of(p->set, thread, true);
        if (!pending)
            return thread <= PMT_ID_MAX ? PMT_ERR_MEMORY : PMT_OK;
        pending->block = block;
        pending->block.free = !was;
        pending->released = time;
        pending->before = time < p->s->from;
        pending->kept = kept;
        p->set->open += was && kept && pending->before;
        return PMT_OK; /* its life ends when the next record does not undo */
    }
    return was && p->f->first_pass
               ? pmt_filter_life_ends(p->f, p->s, p->which, &block, time)
               : PMT_OK;
}

/* The class of the destruction of a type, as far as the epoch states one. What
 * other epochs state does not count: a filter before this one may have left
 * them out, and two filters must say what both at once do. */
static uint32_t destroy_class(const struct pmt_filter_stream *s, uint32_t type)
{
    uint32_t class_id = pmt_id_map_get(&s->destroys, type);

    if (class_id == 0)
        class_id = s->any_destroy;
    return class_id ? class_id : 1;
}

static int acquire(const struct pass *p, struct pmt_block *block, uint32_t i)
{
    uint64_t number = p->set->made++;
    struct pmt_filter *f = p->f;
    bool kept = is_kept(p, block, number);
    bool inside = in_window(p, block->time);
    struct pmt_block old;
    int code = put_block(p, block, kept, number, &old);

    if (code != PMT_OK || f->first_pass)
        return code;
    f->keep[i] = kept && inside ? PMT_KEEP : PMT_DROP;
    if (kept || !inside || old.free || !(old.domain & PMT_FILTER_KEPT))
        return PMT_OK;
    f->keep[i] = PMT_KEEP_AS_RELEASE;
    f->releases_put_in++;
    f->with[f->with_count++] = (struct pmt_replacement){
        .class_id = destroy_class(p->s, old.type)};
    return PMT_OK;
}

/* A realloc_free that was not undone: its block is gone. */
static int settle(const struct pass *p, struct pmt_filter_pending *pending)
{
    struct pmt_block block;

    if (!pending || pending->block.free)
        return PMT_OK;
    block = pending->block;
    close_pending(p->set, pending);
    return p->f->first_pass
               ? pmt_filter_life_ends(p->f, p->s, p->which, &block,
                                      pending->released)
               : PMT_OK;
}

static int take_alloc(const struct pass *p, const struct pmt_alloc *a,
                      uint32_t i)
{
    struct pmt_block block;
    int code = PMT_OK;

    if (a->op == PMT_ALLOC_REALLOC_UNDO)
        return undo(p, a, i);
    if (a->op == PMT_ALLOC_REALLOC || a->op == PMT_ALLOC_REALLOC_FREE)
        code = settle(p, pending_of(p->set, a->thread, false));
    if (code != PMT_OK)
        return code;
    if (pmt_alloc_releases(a->op))
        return release(p, a->address, a->time, a->thread,
                       a->op == PMT_ALLOC_REALLOC_FREE, i);
    block = (struct pmt_block){
        .address = a->address,
        .size = a->size,
        .time = a->time,
        .stack = a->stack,
        .thread = a->thread,
        .domain = a->domain & 3,
    };
    return acquire(p, &block, i);
}

static uint64_t size_of_type(const struct pmt_filter_stream *s, uint32_t id)
{
    struct pmt_type type;

    return pmt_stream_type(s->stream, id, &type) ? type.basic_size : 0;
}

static int take_object(const struct pass *p, const struct pmt_object *o,
                       const uint64_t *sizes, uint32_t i)
{
    struct pmt_block block = {
        .address = o->address,
        .time = o->time,
        .stack = o->stack,
        .thread = o->thread,
        .type = o->type & 0xffffff,
    };

    if (o->op == PMT_OBJECT_DESTROY)
        return release(p, o->address, o->time, o->thread, false, i);
    block.size = sizes ? sizes[i] : size_of_type(p->s, o->type);
    return acquire(p, &block, i);
}

/* Before the first record in the window: it opens. */
static int open_at(const struct pass *p, uint64_t time,
                   const struct pmt_event *event, struct pmt_error *err)
{
    if (p->f->first_pass)
        return pmt_filter_life_moments(p->f, p->s, p->which, time);
    if (time < p->s->from) {
        p->set->seen = true;
        return PMT_OK;
    }
    return p->set->carried ? PMT_OK
                           : pmt_filter_carry(p->f, p->s, p->which,
                                              &event->envelope, err);
}

static int take_all(const struct pass *p, struct pmt_reader *r,
                    const struct pmt_event *event, struct pmt_error *err)
{
    bool blocks = p->which == PMT_FILTER_BLOCKS;
    const struct pmt_alloc *allocs = blocks ? pmt_reader_allocs(r) : NULL;
    const struct pmt_object *objects = blocks ? NULL : pmt_reader_objects(r);
    const uint64_t *sizes = pmt_reader_column(r, PMT_COL_SIZE);
    int code = allocs || objects ? PMT_OK : PMT_ERR_MEMORY;

    p->s->sized |= !blocks && sizes != NULL;
    for (uint32_t i = 0; code == PMT_OK && i < event->envelope.count; i++) {
        uint64_t time = blocks ? allocs[i].time : objects[i].time;

        p->f->keep[i] = PMT_DROP;
        if (time > p->s->to)
            break;
        if (p->f->no_carry && time < p->s->from)
            continue;
        code = open_at(p, time, event, err);
        if (code != PMT_OK)
            return code;
        code = blocks ? take_alloc(p, &allocs[i], i)
                      : take_object(p, &objects[i], sizes, i);
    }
    return code == PMT_ERR_MEMORY
               ? pmt_error_set(err, code, event->offset, "out of memory")
               : code;
}

/* By time alone. */
static int take_by_time(const struct pass *p, struct pmt_reader *r,
                        const struct pmt_event *event)
{
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);

    for (uint32_t i = 0; i < event->envelope.count; i++)
        p->f->keep[i] = !times || in_window(p, times[i]) ? PMT_KEEP : PMT_DROP;
    return PMT_OK;
}

int pmt_filter_blocks(struct pmt_filter *f, struct pmt_filter_stream *s,
                      struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_error *err)
{
    struct pass p = pass_of(f, s, event->envelope.kind == PMT_KIND_ALLOC
                                      ? PMT_FILTER_BLOCKS
                                      : PMT_FILTER_OBJECTS);

    memset(f->keep, PMT_DROP, event->envelope.count);
    if (p.all && (p.set->carried || f->no_carry) && p.set->open == 0)
        return take_by_time(&p, r, event);
    return take_all(&p, r, event, err);
}

/* ---- live sets ----------------------------------------------------------- */

/* One row of a live set in the trace. */
static int take_row(const struct pass *p, const struct pmt_live *row,
                    struct pmt_live_table *before, uint32_t i)
{
    uint64_t number = p->set->made++;
    struct pmt_block block = {
        .address = row->address,
        .size = row->size,
        .time = row->time,
        .stack = row->stack,
        .thread = row->thread,
        .type = row->type & 0xffffff,
        .domain = row->domain & 0x3f,
    };
    struct pmt_block old;
    bool was, kept;
    int code = PMT_OK;

    if (p->which == PMT_FILTER_OBJECTS && !p->s->sized)
        block.size = size_of_type(p->s, row->type);
    was = pmt_live_table_remove(before, row->address, &old);
    if (was && old.time != block.time && p->f->first_pass)
        code = pmt_filter_life_ends(p->f, p->s, p->which, &old, block.time);
    if (code == PMT_OK && was && old.time == block.time && p->f->first_pass) {
        code = pmt_filter_life_same(&p->s->lives[p->which], number, old.size);
        number = old.size;
    }
    kept = is_kept(p, &block, number);
    p->f->keep[i] = kept ? PMT_KEEP : PMT_DROP;
    return code != PMT_OK ? code : put_block(p, &block, kept, number, &old);
}

/* What was there and is not in the live set, which began at `time`, is gone. */
static int drop_before(const struct pass *p, uint64_t time)
{
    struct pmt_live_table *before = &p->set->before;
    const struct pmt_block *block;
    uint32_t place = 0;
    int code = PMT_OK;

    while (code == PMT_OK && p->f->first_pass &&
           (block = pmt_live_table_next(before, &place)))
        code = pmt_filter_life_ends(p->f, p->s, p->which, block, time);
    pmt_live_table_release(before);
    return code;
}

/* Part 0 replaces all; what is left of it behind the last one is gone. */
static int take_rows(const struct pass *p, struct pmt_reader *r,
                     const struct pmt_event *event, uint32_t part,
                     uint32_t parts)
{
    const struct pmt_live *rows = pmt_reader_lives(r);
    struct pmt_filter_set *set = p->set;
    uint64_t time = event->envelope.t0;
    int code = rows || event->envelope.count == 0 ? PMT_OK : PMT_ERR_MEMORY;

    if (p->f->first_pass && code == PMT_OK && part == 0)
        code = pmt_filter_life_moments(p->f, p->s, p->which, time);
    if (code == PMT_OK && part == 0) {
        code = drop_before(p, time); /* where a last part is missing */
        set->before = set->table;
        memset(&set->table, 0, sizeof set->table);
    }
    for (uint32_t i = 0; code == PMT_OK && i < event->envelope.count; i++)
        code = take_row(p, &rows[i], &set->before, i);
    return code == PMT_OK && part + 1 >= parts ? drop_before(p, time) : code;
}

int pmt_filter_live_set(struct pmt_filter *f, struct pmt_filter_stream *s,
                        struct pmt_reader *r, const struct pmt_event *event,
                        struct pmt_error *err)
{
    uint32_t of_kind, part, parts;
    enum pmt_filter_which which;
    struct pass p;
    int code = PMT_OK;

    pmt_reader_live_part(r, &of_kind, &part, &parts);
    memset(f->keep, PMT_DROP, event->envelope.count);
    which = of_kind == PMT_KIND_ALLOC ? PMT_FILTER_BLOCKS : PMT_FILTER_OBJECTS;
    if ((of_kind != PMT_KIND_ALLOC && of_kind != PMT_KIND_OBJECT) ||
        s->kinds[of_kind] == PMT_NEVER || event->envelope.t0 > s->to ||
        (f->no_carry && event->envelope.t0 < s->from))
        return PMT_END; /* nothing of it is written, nor an empty one */
    if (which == PMT_FILTER_OBJECTS)
        s->sized |= pmt_reader_column(r, PMT_COL_SIZE) != NULL;
    p = pass_of(f, s, which);
    if (event->envelope.t0 < s->from)
        p.set->seen = true;
    else if (!f->first_pass && !p.set->carried)
        code = pmt_filter_carry(f, s, which, &event->envelope, err);
    if (code != PMT_OK)
        return code;
    code = take_rows(&p, r, event, part, parts);
    if (code == PMT_ERR_MEMORY)
        return pmt_error_set(err, code, event->offset, "out of memory");
    return event->envelope.t0 < s->from ? PMT_END : code;
}

/* ---- a first pass is through --------------------------------------------- */

int pmt_filter_lives_finish(struct pmt_filter *f, struct pmt_filter_stream *s,
                            enum pmt_filter_which which)
{
    struct pass p = pass_of(f, s, which);
    const struct pmt_block *block;
    uint32_t place = 0;
    int code = pmt_filter_life_moments(f, s, which, UINT64_MAX);

    for (size_t i = 0; code == PMT_OK && i < p.set->pending_count; i++)
        code = settle(&p, &p.set->pending[i]);
    while (code == PMT_OK &&
           (block = pmt_live_table_next(&p.set->table, &place)))
        code = pmt_filter_life_ends(f, s, which, block, UINT64_MAX);
    return code == PMT_OK ? drop_before(&p, UINT64_MAX) : code;
}
