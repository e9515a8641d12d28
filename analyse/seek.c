/* seek.c: see seek.h. */
#include "seek.h"

#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "extents.h"
#include "filter-seek.h"
#include "pmt/copy.h"
#include "pmt/index.h"
#include "pmt/parts.h"
#include "together.h"

bool pmt_seek_is_for(const struct pmt_moment *moment)
{
    return moment->kind != PMT_MOMENT_NONE && moment->kind != PMT_MOMENT_END;
}

void pmt_seek_release(struct pmt_seek *seek)
{
    free(seek->starts);
    seek->starts = NULL;
    seek->start_count = 0;
}

/* ---- passing over -------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct pmt_seek_start *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static struct pmt_seek_start *start_of(const struct pmt_seek *seek,
                                       uint64_t key)
{
    struct pmt_seek_start like = {.key = key};

    return seek->start_count
               ? bsearch(&like, seek->starts, seek->start_count,
                         sizeof *seek->starts, by_key)
               : NULL;
}

static bool is_behind(const struct pmt_seek *seek,
                      const struct pmt_stream *stream,
                      const struct pmt_envelope *label)
{
    uint64_t ns;

    if (!seek->bounded || seek->until.is_end || label->kind < PMT_KIND_CALL ||
        label->kind == PMT_KIND_END)
        return false;
    ns = pmt_instant_in_stream(&seek->until, stream);
    return label->t0 > ns / pmt_stream_header(stream)->tick_ns;
}

/* The first chunk of each kind is read in any case: it tells of what the
 * records of the stream have. */
static bool is_before(struct pmt_seek *seek, const struct pmt_envelope *label)
{
    struct pmt_seek_start *start;
    uint32_t seq = (uint32_t)label->seq;
    enum pmt_live_which which;

    if (label->kind != PMT_KIND_ALLOC && label->kind != PMT_KIND_OBJECT &&
        label->kind != PMT_KIND_LIVE_SET)
        return false;
    start = start_of(seek, label->stream_key);
    if (start == NULL)
        return false;
    if (label->kind == PMT_KIND_LIVE_SET) {
        for (int i = 0; i < PMT_LIVE_KINDS; i++)
            if (seek->wanted & 1u << i && seq >= start->seq[i])
                return false;
        return true;
    }
    which = label->kind == PMT_KIND_ALLOC ? PMT_LIVE_BLOCKS : PMT_LIVE_OBJECTS;
    if (seq >= start->seq[which] || !start->begun[which]) {
        start->begun[which] = true;
        return false;
    }
    return true;
}

static bool pass_over(void *context, const struct pmt_stream *stream,
                      const struct pmt_envelope *label)
{
    struct pmt_seek *seek = context;

    return is_behind(seek, stream, label) || is_before(seek, label) ||
           (seek->also && seek->also(seek->also_context, stream, label));
}

void pmt_seek_options(struct pmt_seek *seek,
                      struct pmt_reader_options *reading)
{
    seek->also = reading->pass_over;
    seek->also_context = reading->pass_over_context;
    reading->pass_over = pass_over;
    reading->pass_over_context = seek;
}

int pmt_seek_live_sets(struct pmt_seek *seek, const char *path,
                       unsigned wanted, struct pmt_error *err)
{
    int code;

    pmt_seek_release(seek);
    seek->wanted = wanted;
    if (!seek->bounded || seek->until.is_end || !pmt_trace_reopens(path) ||
        pmt_trace_journal(path) != PMT_JOURNAL_NONE)
        return PMT_OK;
    code = pmt_filter_seek_starts(path, &seek->until, &seek->starts,
                                  &seek->start_count, err);
    if (code == PMT_OK)
        qsort(seek->starts, seek->start_count, sizeof *seek->starts, by_key);
    return code == PMT_END ? PMT_OK : code;
}

/* ---- a few kinds --------------------------------------------------------- */

/* Some chunks of a file, which it has opened. */
struct chosen {
    struct pmt_source base, view;
    struct pmt_extents *pieces;
};

static void chosen_close(void *context)
{
    struct chosen *c = context;

    pmt_source_close(&c->view);
    pmt_extents_free(c->pieces);
    pmt_source_close(&c->base);
    free(c);
}

static int64_t chosen_read_at(void *context, uint64_t offset, void *buffer,
                              size_t n, struct pmt_error *err)
{
    struct chosen *c = context;

    return c->view.read_at(c->view.context, offset, buffer, n, err);
}

/* PMT_END: it has no index, or nothing of these kinds. */
static int choose(struct chosen *c, const char *path, uint64_t kinds,
                  struct pmt_error *err)
{
    struct pmt_index index = {NULL, 0, 0};
    int code = pmt_source_open_trace(&c->base, path, NULL, err);

    if (code == PMT_OK)
        code = pmt_index_read(&index, &c->base, err);
    if (code == PMT_OK && !(c->pieces = pmt_extents_new(&c->base)))
        code = pmt_error_set_memory(err);
    for (size_t i = 0; code == PMT_OK && i < index.count; i++) {
        const struct pmt_entry *e = &index.entries[i];

        if (e->kind < 64 && kinds >> e->kind & 1 &&
            pmt_extents_add(c->pieces, e->offset,
                            PMT_LABEL_SIZE + (uint64_t)e->frame_bytes))
            code = pmt_error_set_memory(err);
    }
    pmt_index_release(&index);
    if (code == PMT_OK)
        pmt_extents_source(c->pieces, &c->view);
    if (code == PMT_OK && c->view.size == 0)
        code = PMT_END;
    return code;
}

int pmt_seek_open_kinds(struct pmt_trace *in, const char *path, uint64_t kinds)
{
    struct pmt_reader_options options = {
        .skip_kinds = ~(UINT64_C(1) << PMT_KIND_STREAM | kinds),
        .no_tables = true,
    };
    struct pmt_common silent = {.progress = PMT_PROGRESS_NEVER};
    struct chosen *c;
    struct pmt_source source;
    struct pmt_error err;

    if (pmt_trace_journal(path) != PMT_JOURNAL_NONE ||
        pmt_together_name(path) || !(c = calloc(1, sizeof *c)))
        return pmt_trace_open(in, path, &silent, &options);
    if (choose(c, path, ~options.skip_kinds, &err) != PMT_OK) {
        chosen_close(c); /* the whole tells what is wrong */
        return pmt_trace_open(in, path, &silent, &options);
    }
    source = (struct pmt_source){.context = c,
                                 .read_at = chosen_read_at,
                                 .size = c->view.size,
                                 .close = chosen_close};
    if (pmt_trace_from_source(in, &source, pmt_trace_name(path), &options,
                              &err) == PMT_OK)
        return PMT_EXIT_OK;
    return pmt_trace_open(in, path, &silent, &options);
}
