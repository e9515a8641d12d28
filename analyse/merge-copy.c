/* merge-copy.c: the bytes of a merge, with few files open at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "merge.h"
#include "pmt/parts.h"
#include "pmt/record.h"

/* Inputs that are open, the least recently used of which is closed for the
 * next. */
struct opened {
    struct pmt_source source;
    uint32_t input;
    uint64_t used;       /* when; 0: nothing is here */
};

struct copying {
    struct pmt_merge_list *list;
    struct pmt_copier *copier;
    struct pmt_source spool;
    struct opened *opened;
    size_t opened_max;
    uint64_t clock;
    uint32_t *slot;      /* of each input, + 1 */
    uint8_t *buffer;
    size_t room;
};

/* Half of what the system allows us, at most PMT_MERGE_OPEN_MAX. */
static size_t descriptors(void)
{
    struct rlimit limit;
    size_t half = PMT_MERGE_OPEN_MAX;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur / 2 < half)
        half = (size_t)limit.rlim_cur / 2;
    return half > 2 ? half : 2;
}

static struct opened *least_used(struct copying *c)
{
    struct opened *least = c->opened;

    for (size_t i = 0; i < c->opened_max && least->used > 0; i++)
        if (c->opened[i].used < least->used)
            least = &c->opened[i];
    return least;
}

/* The source of an input, opened again when it must be. */
static int source_of(struct copying *c, uint32_t input,
                     struct pmt_source **source, struct pmt_error *err)
{
    struct pmt_merge_input *in;
    struct opened *o;
    int code;

    if (input == PMT_MERGE_SPOOL) {
        *source = &c->spool;
        return PMT_OK;
    }
    in = &c->list->input[input];
    if (in->pinned) {
        *source = &in->source;
        return PMT_OK;
    }
    if (c->slot[input] > 0) {
        o = &c->opened[c->slot[input] - 1];
        o->used = ++c->clock;
        *source = &o->source;
        return PMT_OK;
    }
    o = least_used(c);
    if (o->used > 0) {
        pmt_source_close(&o->source);
        c->slot[o->input] = 0;
        o->used = 0;
    }
    code = pmt_source_open_trace(&o->source, in->path, NULL, err);
    if (code < 0) {
        c->list->failing = in->path;
        return code;
    }
    o->input = input;
    o->used = ++c->clock;
    c->slot[input] = (uint32_t)(o - c->opened) + 1;
    *source = &o->source;
    return PMT_OK;
}

/* Label and frame of a chunk, into the buffer. PMT_END: the file ends. */
static int read_chunk(struct copying *c, const struct pmt_merge_chunk *chunk,
                      size_t *n, struct pmt_error *err)
{
    struct pmt_source *source;
    size_t have = 0;
    int code = source_of(c, chunk->input, &source, err);

    if (code < 0)
        return code;
    *n = PMT_LABEL_SIZE + (size_t)chunk->frame_bytes;
    if (c->room < *n) {
        free(c->buffer);
        c->room = *n + *n / 4;
        c->buffer = malloc(c->room);
        if (c->buffer == NULL) {
            c->room = 0;
            return pmt_error_set_memory(err);
        }
    }
    while (have < *n) {
        int64_t got = source->read_at(source->context, chunk->offset + have,
                                      c->buffer + have, *n - have, err);

        if (got < 0) {
            c->list->failing = chunk->input == PMT_MERGE_SPOOL
                                   ? "temporary file"
                                   : c->list->input[chunk->input].path;
            return (int)got;
        }
        if (got == 0)
            return PMT_END;
        have += (size_t)got;
    }
    return PMT_OK;
}

static bool is_record(uint16_t kind)
{
    return (kind >= PMT_KIND_CALL && kind < PMT_KIND_END) ||
           kind == PMT_KIND_PROCESS;
}

/* Writes the first of `copies` chunks of one number that is whole. */
static int copy_one(struct copying *c, const struct pmt_merge_chunk *chunk,
                    size_t copies, struct pmt_merge_report *report,
                    struct pmt_error *err)
{
    for (size_t i = 0; i < copies; i++) {
        size_t n;
        int code = read_chunk(c, &chunk[i], &n, err);

        if (code == PMT_OK)
            code = pmt_copier_labelled(c->copier, c->buffer, n, err);
        if (code == PMT_OK) {
            report->chunks++;
            report->records += is_record(chunk[i].kind) ? chunk[i].count : 0;
            return PMT_OK;
        }
        if (code < 0 && code != PMT_ERR_CORRUPT)
            return code;
    }
    report->damaged++;
    return PMT_OK;
}

static int copy_all(struct copying *c, struct pmt_progress *progress,
                    struct pmt_merge_report *report, struct pmt_error *err)
{
    const struct pmt_merge_list *list = c->list;
    const struct pmt_merge_chunk *chunk = list->chunk;
    int code = PMT_OK;
    size_t copies;

    for (size_t i = 0; code == PMT_OK && i < list->chunk_count &&
                       !chunk[i].drop; i += copies) {
        for (copies = 1; i + copies < list->chunk_count &&
                         !chunk[i + copies].drop &&
                         chunk[i + copies].stream == chunk[i].stream &&
                         chunk[i + copies].seq == chunk[i].seq;)
            copies++;
        code = copy_one(c, &chunk[i], copies, report, err);
        if (progress != NULL)
            pmt_progress_update(progress, pmt_copier_offset(c->copier));
    }
    return code < 0 ? code : pmt_copier_finish(c->copier, err);
}

int pmt_merge_copy(struct pmt_merge_list *list, const struct pmt_sink *sink,
                   struct pmt_progress *progress,
                   struct pmt_merge_report *report, struct pmt_error *err)
{
    struct copying c = {.list = list, .opened_max = descriptors()};
    int code = pmt_copier_new(&c.copier, sink, err);

    c.opened = calloc(c.opened_max, sizeof *c.opened);
    c.slot = calloc(list->input_count + 1, sizeof *c.slot);
    if (code == PMT_OK && (c.opened == NULL || c.slot == NULL))
        code = pmt_error_set_memory(err);
    if (code == PMT_OK && list->spool != NULL)
        code = pmt_source_from_fd(&c.spool, fileno(list->spool), 0, err);
    if (code == PMT_OK)
        code = copy_all(&c, progress, report, err);
    report->inputs = list->input_count;
    if (c.copier != NULL)
        report->bytes = pmt_copier_offset(c.copier);
    for (size_t i = 0; c.opened != NULL && i < c.opened_max; i++)
        pmt_source_close(&c.opened[i].source);
    pmt_source_close(&c.spool);
    pmt_copier_free(c.copier);
    free(c.opened);
    free(c.slot);
    free(c.buffer);
    return code;
}
