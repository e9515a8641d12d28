/* parts.c - the files of a stream that is written in parts (pmt/parts.h). */
#include "pmt/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pmt/reader.h"

int pmt_part_path(char *out, size_t n, const char *trace, uint32_t part)
{
    int length = snprintf(out, n, "%s.%06u", trace, part);

    return length > 0 && (size_t)length < n ? PMT_OK : PMT_ERR_ARGUMENT;
}

/* ---- several files as one source ---------------------------------------- */

struct part_file {
    struct pmt_source source;
    uint64_t start;      /* where it begins in the whole */
    uint32_t part;
};

/* While they are collected the newest is first, afterwards the oldest. */
struct files {
    struct part_file *file;
    size_t count;
    size_t last_read;    /* bytes are mostly asked for in order */
};

static bool holds(const struct part_file *f, uint64_t offset)
{
    return offset >= f->start && offset - f->start < f->source.size;
}

/* The file that holds a byte, the last one for what is behind all. */
static size_t find_file(const struct files *files, size_t from,
                        uint64_t offset)
{
    size_t low = 0;
    size_t high = files->count - 1;

    if (holds(&files->file[from], offset)) {
        return from;
    }
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;

        if (files->file[middle].start <= offset) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

static int64_t files_read_at(void *context, uint64_t offset, void *buffer,
                             size_t n, struct pmt_error *err)
{
    struct files *files = context;
    size_t i = files->last_read = find_file(files, files->last_read, offset);
    struct part_file *f = &files->file[i];
    uint64_t at = offset - f->start;
    int64_t got;

    /* The newest may have grown since. */
    if (at >= f->source.size) {
        return 0;
    }
    if (n > f->source.size - at) {
        n = (size_t)(f->source.size - at);
    }
    got = f->source.read_at(f->source.context, at, buffer, n, err);
    /* What is behind it would be taken for what is missing. */
    if (!got && i + 1 < files->count) {
        return pmt_error_set(err, PMT_ERR_IO, offset,
                             "a part became shorter");
    }
    return got;
}

static void files_close(void *context)
{
    struct files *files = context;

    for (size_t i = 0; i < files->count; i++) {
        pmt_source_close(&files->file[i].source);
    }
    free(files->file);
    free(files);
}

void pmt_source_place(const struct pmt_source *source, uint64_t offset,
                      struct pmt_place *place)
{
    const struct files *files = source->context;
    size_t i;

    *place = (struct pmt_place){.offset = offset};
    if (source->read_at != files_read_at) {
        return;
    }
    i = find_file(files, 0, offset); /* another thread may be reading */
    place->older = i + 1 < files->count;
    place->part = place->older ? files->file[i].part : 0;
    place->offset = offset - files->file[i].start;
}

/* ---- what a file begins with -------------------------------------------- */

bool pmt_source_part(const struct pmt_source *source, uint64_t at,
                     uint8_t uuid[16], uint32_t *part)
{
    const struct pmt_reader_options options = {.no_tables = true};
    struct pmt_source view;
    struct pmt_event event;
    struct pmt_reader *r;
    bool found;

    if (source->size == PMT_NO_OFFSET || at >= source->size) {
        return false;
    }
    pmt_source_from_part(&view, source, at, source->size - at);
    if (pmt_reader_open(&r, &view, &options, NULL) < 0) {
        return false;
    }
    found = pmt_reader_next(r, &event, NULL) == PMT_OK &&
            event.type == PMT_EVENT_STREAM;
    if (found) {
        const struct pmt_stream_header *h = pmt_stream_header(event.stream);

        memcpy(uuid, h->uuid, sizeof h->uuid);
        *part = h->part;
    }
    pmt_reader_free(r);
    return found;
}

/* ---- opening ------------------------------------------------------------- */

/* A recorder that can't link renames the trace, and then its next part to its
 * name: between the two there is none. Is something at the other's name? */
static bool is_missing(const struct pmt_error *err)
{
    return err->code == PMT_ERR_IO && err->sys_errno == ENOENT;
}

static int open_newest(struct pmt_source *source, const char *path,
                       struct pmt_error *err)
{
    const struct timespec pause = {0, 2000000};
    size_t n = strlen(path) + sizeof PMT_PART_NEW_SUFFIX;
    struct pmt_error why = {0};
    struct pmt_error other;
    char *fresh;
    int rc = pmt_source_open_file(source, path, &why);

    if (rc == PMT_OK || !is_missing(&why) || !(fresh = malloc(n))) {
        goto done;
    }
    snprintf(fresh, n, "%s%s", path, PMT_PART_NEW_SUFFIX);
    if (pmt_source_open_file(source, fresh, &other) == PMT_OK) {
        struct pmt_source next = *source;

        nanosleep(&pause, NULL);
        rc = pmt_source_open_file(source, path, &why);
        if (rc == PMT_OK) {
            pmt_source_close(&next);
        } else if (is_missing(&why)) { /* killed between the two */
            *source = next;
            rc = PMT_OK;
        }
    }
    free(fresh);
done:
    if (rc < 0 && err) {
        *err = why;
    }
    return rc;
}

static int add_file(struct files *files, const struct pmt_source *source,
                    uint32_t part)
{
    void *more = realloc(files->file,
                         (files->count + 1) * sizeof *files->file);

    if (!more) {
        return PMT_ERR_MEMORY;
    }
    files->file = more;
    files->file[files->count++] =
        (struct part_file){.source = *source, .part = part};
    return PMT_OK;
}

/* Older parts, newest first. PMT_END: that was the oldest. */
static int add_older(struct files *files, const char *path, uint32_t part,
                     const uint8_t uuid[16], char *name, size_t room,
                     struct pmt_error *err)
{
    struct pmt_source source;
    struct pmt_error why;
    uint8_t its_uuid[16];
    uint32_t its_part;
    int rc = pmt_part_path(name, room, path, part);

    rc = rc < 0 ? rc : pmt_source_open_file(&source, name, &why);
    if (rc < 0) {
        if (is_missing(&why)) {
            return PMT_END;
        }
        return pmt_error_set(err, rc, PMT_NO_OFFSET, "part %u: %s", part,
                             why.message);
    }
    /* Something else has its name: it ends there. */
    if (source.size == PMT_NO_OFFSET ||
        !pmt_source_part(&source, 0, its_uuid, &its_part) ||
        its_part != part || memcmp(its_uuid, uuid, sizeof its_uuid) != 0) {
        pmt_source_close(&source);
        return PMT_END;
    }
    rc = add_file(files, &source, part);
    if (rc < 0) {
        pmt_source_close(&source);
        return pmt_error_set_memory(err);
    }
    return PMT_OK;
}

/* Oldest first, each with its place in the whole. */
static uint64_t set_in_order(struct files *files)
{
    uint64_t size = 0;

    for (size_t i = 0; i < files->count / 2; i++) {
        struct part_file *a = &files->file[i];
        struct part_file *b = &files->file[files->count - 1 - i];
        struct part_file c = *a;

        *a = *b;
        *b = c;
    }
    for (size_t i = 0; i < files->count; i++) {
        files->file[i].start = size;
        size += files->file[i].source.size;
    }
    return size;
}

/* All parts, from the newest, which is `source` (taken over). */
static int open_parts(struct pmt_source *source, const char *path,
                      uint32_t part, const uint8_t uuid[16],
                      uint64_t *last_part_at, struct pmt_error *err)
{
    size_t room = strlen(path) + 16;
    struct files *files = calloc(1, sizeof *files);
    char *name = malloc(room);
    int rc = files && name ? add_file(files, source, part) : PMT_ERR_MEMORY;

    if (rc < 0) {
        pmt_source_close(source);
        pmt_error_set_memory(err);
    }
    while (rc == PMT_OK && part > 0) {
        rc = add_older(files, path, --part, uuid, name, room, err);
    }
    free(name);
    if (rc < 0) {
        if (files) {
            files_close(files);
        }
        memset(source, 0, sizeof *source);
        return rc;
    }
    source->context = files;
    source->read_at = files_read_at;
    source->close = files_close;
    source->size = set_in_order(files);
    *last_part_at = files->file[files->count - 1].start;
    return PMT_OK;
}

int pmt_source_open_trace(struct pmt_source *source, const char *path,
                          uint64_t *last_part_at, struct pmt_error *err)
{
    uint64_t at = 0;
    uint8_t uuid[16];
    uint32_t part;
    int rc = open_newest(source, path, err);

    /* A trace that was written without limits is part 0. */
    if (rc == PMT_OK && pmt_source_part(source, 0, uuid, &part) && part > 0) {
        rc = open_parts(source, path, part, uuid, &at, err);
    }
    if (last_part_at) {
        *last_part_at = at;
    }
    return rc;
}
