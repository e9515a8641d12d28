/* live-set.c: see live-set.h. Long, so that what is done for each record is in
 * one file and can be inlined. */
#include "live-set-private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "pmt/error.h"

/* ---- the last realloc_free of each thread ------------------------------ */

enum pending_state {
    PENDING_EMPTY,   /* the slot is not in use */
    PENDING_NONE,    /* the thread has no open realloc */
    PENDING_KNOWN,   /* `block` was live */
    PENDING_BEFORE,  /* it was not known: counted in unknown_before_loss */
    PENDING_AFTER    /* the same in unknown_after_loss */
};

struct pmt_live_pending_slot {
    struct pmt_block block;
    uint32_t thread;
    enum pending_state state;
};

static struct pmt_live_pending_slot *
pending_slot(struct pmt_live_pending_slot *slots, uint32_t capacity,
             uint64_t key, uint32_t thread)
{
    uint32_t i = (uint32_t)((thread ^ key >> 32) * (key | 1) >> 32);

    for (i &= capacity - 1; slots[i].state != PENDING_EMPTY;
         i = (i + 1) & (capacity - 1))
        if (slots[i].thread == thread)
            break;
    return &slots[i];
}

static int pending_grow(struct pmt_live_pending *pending)
{
    uint32_t capacity = pending->capacity ? pending->capacity * 2 : 16;
    struct pmt_live_pending_slot *slots;

    if (!capacity || !(slots = calloc(capacity, sizeof *slots)))
        return PMT_ERR_MEMORY;
    if (!pending->capacity &&
        getrandom(&pending->key, sizeof pending->key, GRND_NONBLOCK) < 0)
        pending->key = 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < pending->capacity; i++)
        if (pending->slots[i].state != PENDING_EMPTY)
            *pending_slot(slots, capacity, pending->key,
                          pending->slots[i].thread) = pending->slots[i];
    free(pending->slots);
    pending->slots = slots;
    pending->capacity = capacity;
    return PMT_OK;
}

/* The slot of `thread`, made when it is new; NULL: no memory. */
static struct pmt_live_pending_slot *
pending_of(struct pmt_live_pending *pending, uint32_t thread)
{
    struct pmt_live_pending_slot *slot;

    if (pending->count * UINT64_C(2) >= pending->capacity &&
        pending_grow(pending))
        return NULL;
    slot = pending_slot(pending->slots, pending->capacity, pending->key,
                        thread);
    if (slot->state == PENDING_EMPTY) {
        slot->state = PENDING_NONE;
        slot->thread = thread;
        pending->count++;
    }
    return slot;
}

/* ---- one block comes or goes ------------------------------------------- */

void pmt_live_set_init(struct pmt_live_set *set, enum pmt_kind kind)
{
    memset(set, 0, sizeof *set);
    set->kind = kind;
    set->until_time = UINT64_MAX;
    set->until_step = UINT64_MAX;
}

void pmt_live_set_release(struct pmt_live_set *set)
{
    pmt_live_table_release(&set->table);
    free(set->pending.slots);
    free(set->tail.events);
    memset(set, 0, sizeof *set);
}

uint64_t pmt_live_set_memory(const struct pmt_live_set *set)
{
    return pmt_live_table_memory(&set->table) +
           set->pending.capacity * (uint64_t)sizeof *set->pending.slots;
}

void pmt_live_set_lost(struct pmt_live_set *set, uint64_t time)
{
    if (!set->lossy && set->now.step < set->until_step) {
        set->lossy = true;
        set->loss_time = time;
    }
}

static inline void note_peak(struct pmt_live_set *set)
{
    bool higher = set->kind == PMT_KIND_ALLOC
                      ? set->now.bytes > set->peak.bytes
                      : set->now.count > set->peak.count;

    if (higher)
        set->peak = set->now;
}

/* The block that was at the place, which another takes, is gone. */
static void replace(struct pmt_live_set *set, struct pmt_block *at)
{
    enum pmt_live_why why = set->why;

    if (set->infer)
        set->counts.inferred++;
    else
        set->counts.unseen++;
    pmt_live_level_remove(set, at);
    set->why = PMT_LIVE_GONE;
    pmt_live_set_tell(set, at, -1);
    set->why = why;
    pmt_live_table_go(&set->table, at);
}

/* A block has come to live at a place of the table. */
static inline void note_new(struct pmt_live_set *set,
                            const struct pmt_block *at)
{
    set->table.count++;
    pmt_live_level_add(set, at);
    pmt_live_set_tell(set, at, 1);
    note_peak(set);
}

/* `block` comes to live at a place of the table, but for `next`. */
static inline void acquire(struct pmt_live_set *set, struct pmt_block *at,
                           const struct pmt_block *block)
{
    uint32_t next = at->next;

    if (!at->free)
        replace(set, at);
    *at = *block;
    at->free = 0;
    at->next = next;
    note_new(set, at);
}

/* False: there was none. Else the block can be read up to the next one that
 * comes. */
static inline bool release(struct pmt_live_set *set, struct pmt_block *at)
{
    if (at->free) {
        if (set->lossy)
            set->counts.unknown_after_loss++;
        else
            set->counts.unknown_before_loss++;
        return false;
    }
    pmt_live_level_remove(set, at);
    pmt_live_set_tell(set, at, -1);
    pmt_live_table_go(&set->table, at);
    return true;
}

/* ---- alloc ------------------------------------------------------------- */

static int realloc_free(struct pmt_live_set *set, struct pmt_block *at,
                        uint32_t thread)
{
    struct pmt_live_pending_slot *slot = pending_of(&set->pending, thread);

    if (!slot)
        return PMT_ERR_MEMORY;
    set->why = PMT_LIVE_RESIZED;
    slot->block = *at;
    if (release(set, at))
        slot->state = PENDING_KNOWN;
    else
        slot->state = set->lossy ? PENDING_AFTER : PENDING_BEFORE;
    return PMT_OK;
}

/* The thread's realloc came back with a new block. False: it had none before,
 * realloc(NULL, n). */
static bool realloc_done(struct pmt_live_set *set, uint32_t thread)
{
    struct pmt_live_pending_slot *slot;
    bool open;

    if (set->pending.count == 0)
        return false;
    slot = pending_slot(set->pending.slots, set->pending.capacity,
                        set->pending.key, thread);
    open = slot->state > PENDING_NONE;
    if (open)
        slot->state = PENDING_NONE;
    return open;
}

/* The block of the thread's last realloc_free lives on as it was. When that
 * record was lost the block is still in the set, or was never known. */
static int realloc_undo(struct pmt_live_set *set, struct pmt_block *at,
                        uint32_t thread)
{
    struct pmt_live_pending_slot *slot = pending_of(&set->pending, thread);

    if (!slot)
        return PMT_ERR_MEMORY;
    set->counts.undone++;
    set->why = PMT_LIVE_RESIZED;
    if (slot->block.address == at->address) {
        if (slot->state == PENDING_KNOWN)
            acquire(set, at, &slot->block);
        else if (slot->state == PENDING_BEFORE)
            set->counts.unknown_before_loss--;
        else if (slot->state == PENDING_AFTER)
            set->counts.unknown_after_loss--;
    }
    slot->state = PENDING_NONE;
    return PMT_OK;
}

static inline uint64_t value(const uint64_t *column, size_t i)
{
    return column ? column[i] : 0;
}

/* Record `i` makes a block; *made: where the estimate of such events is
 * kept. */
static inline void alloc_block(struct pmt_live_set *set, struct pmt_block *at,
                               const struct pmt_live_columns *c, size_t i,
                               uint64_t *made)
{
    if (!at->free)
        replace(set, at);
    *at = (struct pmt_block){
        .address = c->address[i],
        .size = value(c->size, i),
        .time = c->time[i],
        .stack = (uint32_t)value(c->stack, i),
        .thread = (uint32_t)value(c->thread, i),
        .domain = c->op[i] & 3,
        .next = at->next,
    };
    if (!set->sample_bytes) {
        set->counts.bytes += at->size;
    } else {
        struct pmt_weight weight =
            pmt_sampling_weigh(set->sample_bytes, at->size);

        set->counts.bytes += weight.bytes;
        *made += weight.blocks;
    }
    note_new(set, at);
}

static inline void free_block(struct pmt_live_set *set, struct pmt_block *at)
{
    set->why = PMT_LIVE_DESTROYED;
    if (!release(set, at))
        return;
    set->counts.destroyed++;
    if (set->sample_bytes)
        set->weights.destroyed +=
            pmt_sampling_weigh(set->sample_bytes, at->size).blocks;
}

static inline int take_alloc(struct pmt_live_set *set, struct pmt_block *at,
                             const struct pmt_live_columns *c, size_t i)
{
    bool resized = false;

    switch ((enum pmt_alloc_op)(c->op[i] >> 2)) {
    case PMT_ALLOC_FREE:
        free_block(set, at);
        return PMT_OK;
    case PMT_ALLOC_REALLOC_FREE:
        return realloc_free(set, at, (uint32_t)value(c->thread, i));
    case PMT_ALLOC_REALLOC_UNDO:
        return realloc_undo(set, at, (uint32_t)value(c->thread, i));
    case PMT_ALLOC_REALLOC:
        resized = realloc_done(set, (uint32_t)value(c->thread, i));
        break;
    case PMT_ALLOC_MALLOC:
    case PMT_ALLOC_CALLOC:
        break;
    default:
        return PMT_OK; /* no other passes the reader */
    }
    set->counts.resized += resized;
    set->counts.created += !resized;
    set->why = resized ? PMT_LIVE_RESIZED : PMT_LIVE_CREATED;
    alloc_block(set, at, c, i,
                resized ? &set->weights.resized : &set->weights.created);
    return PMT_OK;
}

/* How many of `n` records, `stride` bytes from time to time, lie before the
 * limits. */
static size_t within_limits(const struct pmt_live_set *set, const void *times,
                            size_t stride, size_t n)
{
    uint64_t left = set->until_step > set->now.step
                        ? set->until_step - set->now.step
                        : 0;

    if (n > left)
        n = (size_t)left;
    while (n > 0) {
        const char *last = (const char *)times + (n - 1) * stride;

        if (*(const uint64_t *)(const void *)last <= set->until_time)
            break;
        n--;
    }
    return n;
}

int pmt_live_set_columns(struct pmt_live_set *set,
                         const struct pmt_live_columns *columns, size_t n)
{
    const struct pmt_live_columns c = *columns;
    struct pmt_live_records records = {
        .addresses = c.address, .stride = sizeof *c.address, .links = c.link};
    size_t end, first;
    int code = PMT_OK;

    records.count = within_limits(set, c.time, sizeof *c.time, n);
    pmt_live_tail_skip(set, columns, records.count);
    for (first = 0; first < records.count; first = end) {
        const uint32_t *places;

        if (pmt_live_table_take(&set->table, &records, first, &end))
            return PMT_ERR_MEMORY;
        places = set->table.run->places;
        for (size_t i = first; i < end; i++) {
            set->now.step++;
            set->now.time = c.time[i];
            code = take_alloc(set, &set->table.blocks[places[i - first]], &c,
                              i);
            if (code)
                return code;
        }
    }
    return PMT_OK;
}

int pmt_live_set_allocs(struct pmt_live_set *set,
                        const struct pmt_alloc *records, size_t n)
{
    enum { AT_ONCE = 512 };
    uint64_t time[AT_ONCE], op[AT_ONCE], address[AT_ONCE], size[AT_ONCE],
        stack[AT_ONCE], thread[AT_ONCE];
    const struct pmt_live_columns columns = {
        .time = time, .op = op, .address = address,
        .size = size, .stack = stack, .thread = thread};
    int code = PMT_OK;

    while (n > 0 && code == PMT_OK) {
        size_t some = n < AT_ONCE ? n : AT_ONCE;

        for (size_t i = 0; i < some; i++) {
            time[i] = records[i].time;
            op[i] = (uint64_t)records[i].op << 2 | (records[i].domain & 3);
            address[i] = records[i].address;
            size[i] = records[i].size;
            stack[i] = records[i].stack;
            thread[i] = records[i].thread;
        }
        code = pmt_live_set_columns(set, &columns, some);
        records += some;
        n -= some;
    }
    return code;
}

/* ---- object ------------------------------------------------------------ */

int pmt_live_set_objects(struct pmt_live_set *set,
                         const struct pmt_object *objects,
                         const uint32_t *links, const uint64_t *sizes,
                         size_t n, const struct pmt_id_map *type_sizes)
{
    struct pmt_live_records records = {.stride = sizeof *objects,
                                       .links = links};
    size_t end, first;

    if (n == 0)
        return PMT_OK;
    records.addresses = &objects->address;
    records.count = within_limits(set, &objects->time, sizeof *objects, n);
    pmt_live_tail_open(set);
    for (first = 0; first < records.count; first = end) {
        const uint32_t *places;

        if (pmt_live_table_take(&set->table, &records, first, &end))
            return PMT_ERR_MEMORY;
        places = set->table.run->places;
        for (size_t i = first; i < end; i++) {
            const struct pmt_object *object = &objects[i];
            struct pmt_block *at = &set->table.blocks[places[i - first]];
            struct pmt_block block = {
                .address = object->address,
                .time = object->time,
                .stack = object->stack,
                .thread = object->thread,
                .type = object->type & 0xffffff,
            };

            set->now.step++;
            set->now.time = object->time;
            if (object->op == PMT_OBJECT_DESTROY) {
                set->why = PMT_LIVE_DESTROYED;
                set->counts.destroyed += release(set, at);
                continue;
            }
            block.size =
                sizes ? sizes[i] : pmt_id_map_get(type_sizes, object->type);
            set->counts.created++;
            set->counts.bytes += block.size;
            set->why = PMT_LIVE_CREATED;
            acquire(set, at, &block);
        }
    }
    return PMT_OK;
}

/* ---- a live set in the trace ------------------------------------------- */

static void forget_all(struct pmt_live_set *set)
{
    const struct pmt_block *block;
    uint32_t at = 0;

    set->why = PMT_LIVE_RELOADED;
    if (set->watch || set->observe)
        while ((block = pmt_live_table_next(&set->table, &at)) != NULL)
            pmt_live_set_tell(set, block, -1);
    pmt_live_table_clear(&set->table);
    set->now.count = 0;
    set->now.bytes = 0;
    set->now.weight = 0;
}

/* Keeps track of which parts came: any that did not makes the set lossy. */
static void note_part(struct pmt_live_set *set, uint64_t time, uint32_t part,
                      uint32_t parts)
{
    if (part == 0 || parts != set->parts || part < set->next_part) {
        forget_all(set);
        set->lossy = false;
        set->next_part = 0;
        set->parts = parts;
        set->counts.states++;
    }
    if (part != set->next_part)
        pmt_live_set_lost(set, time);
    set->next_part = part + 1;
    set->counts.parts_missing = parts > set->next_part
                                    ? parts - set->next_part
                                    : 0;
}

void pmt_live_set_begin_anew(struct pmt_live_set *set)
{
    memset(&set->counts, 0, sizeof set->counts);
    memset(&set->weights, 0, sizeof set->weights);
    memset(&set->peak, 0, sizeof set->peak);
}

int pmt_live_set_part(struct pmt_live_set *set, uint64_t time,
                      const struct pmt_live *live, size_t n, uint32_t part,
                      uint32_t parts, const struct pmt_id_map *type_sizes)
{
    if (!within_limits(set, &time, 0, 1))
        return PMT_OK;
    set->now.step++;
    set->now.time = time;
    pmt_live_tail_open(set);
    note_part(set, time, part, parts);
    set->why = PMT_LIVE_RELOADED;
    if (pmt_live_table_reserve(&set->table, n))
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct pmt_block old, block = {
            .address = live[i].address,
            .size = live[i].size,
            .time = live[i].time,
            .stack = live[i].stack,
            .thread = live[i].thread,
            .type = live[i].type & 0xffffff,
            .domain = live[i].domain < PMT_BLOCK_DOMAINS
                          ? live[i].domain
                          : PMT_BLOCK_DOMAINS - 1,
        };

        if (type_sizes)
            block.size = pmt_id_map_get(type_sizes, live[i].type);
        if (pmt_live_table_put(&set->table, &block, &old)) {
            pmt_live_level_remove(set, &old);
            pmt_live_set_tell(set, &old, -1);
        }
        pmt_live_level_add(set, &block);
        pmt_live_set_tell(set, &block, 1);
    }
    note_peak(set);
    return PMT_OK;
}
