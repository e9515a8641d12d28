/* merge-files.c: see merge-files.h. */
#include "merge-files.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "pmt/copy.h"
#include "pmt/parts.h"

/* Inputs that are open, the least recently used of which is closed for the
 * next. */
struct opened {
    struct pmt_source source;
    uint32_t input;
    uint64_t used;       /* when; 0: nothing is here */
};

struct pmt_merge_files {
    const struct pmt_merge_list *list;
    struct pmt_source spool;
    struct opened *opened;
    size_t opened_max;
    uint64_t clock;
    uint32_t *slot;      /* of each input, + 1 */
    uint8_t *buffer;
    size_t room;
};

static size_t descriptors(unsigned share)
{
    struct rlimit limit;
    size_t most = PMT_MERGE_OPEN_MAX;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur / share < most)
        most = (size_t)limit.rlim_cur / share;
    return most > 2 ? most : 2;
}

int pmt_merge_files_new(struct pmt_merge_files **out,
                        const struct pmt_merge_list *list, unsigned share,
                        struct pmt_error *err)
{
    struct pmt_merge_files *files = calloc(1, sizeof *files);
    int code = PMT_OK;

    *out = NULL;
    if (files == NULL)
        return pmt_error_set_memory(err);
    files->list = list;
    files->opened_max = descriptors(share);
    files->opened = calloc(files->opened_max, sizeof *files->opened);
    files->slot = calloc(list->input_count + 1, sizeof *files->slot);
    if (files->opened == NULL || files->slot == NULL)
        code = pmt_error_set_memory(err);
    else if (list->spool != NULL)
        code = pmt_source_from_fd(&files->spool, fileno(list->spool), 0, err);
    if (code == PMT_OK)
        *out = files;
    else
        pmt_merge_files_free(files);
    return code;
}

void pmt_merge_files_free(struct pmt_merge_files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; files->opened != NULL && i < files->opened_max; i++)
        pmt_source_close(&files->opened[i].source);
    pmt_source_close(&files->spool);
    free(files->opened);
    free(files->slot);
    free(files->buffer);
    free(files);
}

static struct opened *least_used(struct pmt_merge_files *files)
{
    struct opened *least = files->opened;

    for (size_t i = 0; i < files->opened_max && least->used > 0; i++)
        if (files->opened[i].used < least->used)
            least = &files->opened[i];
    return least;
}

int pmt_merge_files_source(struct pmt_merge_files *files, uint32_t input,
                           struct pmt_source **source, struct pmt_error *err)
{
    struct pmt_merge_input *in;
    struct opened *o;
    int code;

    if (input == PMT_MERGE_SPOOL) {
        *source = &files->spool;
        return PMT_OK;
    }
    in = &files->list->input[input];
    if (in->pinned) {
        *source = &in->source;
        return PMT_OK;
    }
    if (files->slot[input] > 0) {
        o = &files->opened[files->slot[input] - 1];
        o->used = ++files->clock;
        *source = &o->source;
        return PMT_OK;
    }
    o = least_used(files);
    if (o->used > 0) {
        pmt_source_close(&o->source);
        files->slot[o->input] = 0;
        o->used = 0;
    }
    code = pmt_source_open_trace(&o->source, in->path, NULL, err);
    if (code < 0)
        return code;
    o->input = input;
    o->used = ++files->clock;
    files->slot[input] = (uint32_t)(o - files->opened) + 1;
    *source = &o->source;
    return PMT_OK;
}

int pmt_merge_files_chunk(struct pmt_merge_files *files,
                          const struct pmt_merge_chunk *chunk,
                          const uint8_t **bytes, size_t *n,
                          struct pmt_error *err)
{
    struct pmt_source *source;
    size_t have = 0;
    int code = pmt_merge_files_source(files, chunk->input, &source, err);

    if (code < 0)
        return code;
    *n = PMT_LABEL_SIZE + (size_t)chunk->frame_bytes;
    if (files->room < *n) {
        free(files->buffer);
        files->room = *n + *n / 4;
        files->buffer = malloc(files->room);
        if (files->buffer == NULL) {
            files->room = 0;
            return pmt_error_set_memory(err);
        }
    }
    while (have < *n) {
        int64_t got = source->read_at(source->context, chunk->offset + have,
                                      files->buffer + have, *n - have, err);

        if (got < 0)
            return (int)got;
        if (got == 0)
            return PMT_END;
        have += (size_t)got;
    }
    *bytes = files->buffer;
    return PMT_OK;
}

const char *pmt_merge_files_name(const struct pmt_merge_files *files,
                                 uint32_t input)
{
    return input == PMT_MERGE_SPOOL ? "temporary file"
                                    : files->list->input[input].path;
}
