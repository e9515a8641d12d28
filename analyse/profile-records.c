/* profile-records.c: from records to what was made and what of it was
 * temporary; see profile-private.h. */
#include "profile-private.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is temporary -------------------------------------------------- */

static struct last_blocks *thread_of(struct profile_stream *stream,
                                     uint32_t thread)
{
    struct last_blocks *last;

    if (thread >= stream->thread_count) {
        uint32_t count = thread + thread / 2 + 8;
        void *more = realloc(stream->threads,
                             count * sizeof *stream->threads);

        if (!more)
            return NULL;
        stream->threads = more;
        memset(stream->threads + stream->thread_count, 0,
               (count - stream->thread_count) * sizeof *stream->threads);
        stream->thread_count = count;
    }
    last = &stream->threads[thread];
    if (!last->ring)
        last->ring = calloc(stream->profile->within, sizeof *last->ring);
    return last->ring ? last : NULL;
}

static bool remember_made(struct profile_stream *stream,
                          const struct pmt_block *block)
{
    struct last_blocks *last = thread_of(stream, block->thread);

    if (!last)
        return false;
    last->ring[last->next] = (struct last_block){block->address, *block, true};
    last->next = (last->next + 1) % stream->profile->within;
    return true;
}

/* A block is given back: was it one of the last that its thread made? */
static bool given_back(struct profile_stream *stream, uint32_t thread,
                       uint64_t address)
{
    struct last_blocks *last =
        thread < stream->thread_count ? &stream->threads[thread] : NULL;

    for (uint32_t i = 0; last && last->ring && i < stream->profile->within;
         i++)
        if (last->ring[i].open && last->ring[i].address == address) {
            last->ring[i].open = false;
            return profile_made(stream, &last->ring[i].block, true);
        }
    return true;
}

/* ---- records ------------------------------------------------------------ */

/* One record: a block that is acquired or released. */
static inline int take_one(struct profile_stream *stream,
                           const struct pmt_block *block, bool acquires)
{
    bool temporary = stream->profile->want & PMT_PROFILE_TEMPORARY;
    int wanted;

    if (!acquires)
        return !temporary ||
                       given_back(stream, block->thread, block->address)
                   ? PMT_OK
                   : PMT_ERR_MEMORY;
    wanted = stream->all && !stream->profile->patterns
                 ? 1
                 : profile_is_wanted(stream, block->time, block->stack);
    if (wanted < 0 || (wanted > 0 && !profile_made(stream, block, false)))
        return PMT_ERR_MEMORY;
    if (!temporary)
        return PMT_OK;
    /* One that is not wanted still pushes out an older one. */
    if (!remember_made(stream, block))
        return PMT_ERR_MEMORY;
    if (!wanted) {
        struct last_blocks *last = &stream->threads[block->thread];
        uint32_t within = stream->profile->within;

        last->ring[(last->next + within - 1) % within].open = false;
    }
    return PMT_OK;
}

int profile_take_allocs(struct profile_stream *stream, struct pmt_reader *r,
                       uint64_t count)
{
    const struct pmt_alloc *records = pmt_reader_allocs(r);
    int code = PMT_OK;

    if (!records && count > 0)
        return PMT_ERR_MEMORY;
    for (uint64_t i = 0; code == PMT_OK && i < count; i++) {
        const struct pmt_alloc *record = &records[i];
        struct pmt_block block = {.address = record->address,
                                  .size = record->size,
                                  .time = record->time,
                                  .stack = record->stack,
                                  .thread = record->thread,
                                  .domain = record->domain & 3};

        if (record->op == PMT_ALLOC_REALLOC_UNDO)
            continue;
        code = take_one(stream, &block,
                        record->op != PMT_ALLOC_FREE &&
                            record->op != PMT_ALLOC_REALLOC_FREE);
    }
    return code;
}

int profile_take_objects(struct profile_stream *stream, struct pmt_reader *r,
                        uint64_t count)
{
    const struct pmt_object *records = pmt_reader_objects(r);
    const uint64_t *sizes = pmt_reader_column(r, PMT_COL_SIZE);
    const struct pmt_id_map *type_sizes =
        &stream->profile->live.streams[stream->place].type_sizes;
    int code = PMT_OK;

    if (!records && count > 0)
        return PMT_ERR_MEMORY;
    for (uint64_t i = 0; code == PMT_OK && i < count; i++) {
        const struct pmt_object *record = &records[i];
        struct pmt_block block = {
            .address = record->address,
            .size = sizes ? sizes[i]
                          : pmt_id_map_get(type_sizes, record->type),
            .time = record->time,
            .stack = record->stack,
            .thread = record->thread,
            .type = record->type & 0xffffff};

        code = take_one(stream, &block, record->op == PMT_OBJECT_CREATE);
    }
    return code;
}
