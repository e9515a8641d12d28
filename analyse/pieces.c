/* pieces.c: a product in several files; see pieces.h. */
#include "pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/xalloc.h"
#include "pmt/parts.h"

int pmt_pieces_open(struct pmt_pieces *p, const char *path, unsigned flags,
                    struct pmt_sink *sink)
{
    memset(p, 0, sizeof *p);
    if (pmt_output_open(&p->out, path, flags))
        return PMT_EXIT_TROUBLE;
    p->path = pmt_xstrdup(path);
    p->flags = flags;
    pmt_sink_to_fd(sink, p->out.fd);
    return PMT_EXIT_OK;
}

static void release(struct pmt_pieces *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->name[i]);
    free(p->name);
    free(p->path);
    memset(p, 0, sizeof *p);
}

void pmt_pieces_abandon(struct pmt_pieces *p)
{
    if (p->path != NULL && p->out.file != NULL)
        pmt_output_abandon(&p->out);
    for (size_t i = 0; i < p->count; i++)
        unlink(p->name[i]);
    release(p);
}

int pmt_pieces_commit(struct pmt_pieces *p)
{
    int status = pmt_output_commit(&p->out);

    if (status != PMT_EXIT_OK)
        pmt_pieces_abandon(p);
    release(p);
    return status;
}

/* ---- the next ------------------------------------------------------------ */

static int said(struct pmt_error *err)
{
    pmt_error_set(err, PMT_ERR_IO, PMT_NO_OFFSET, "%s", "");
    return PMT_ERR_IO;
}

int pmt_pieces_next(void *context, uint32_t part, struct pmt_sink *sink,
                    struct pmt_error *err)
{
    struct pmt_pieces *p = context;
    size_t room = strlen(p->path) + 16;
    char *name;

    if (p->count + 1 == PMT_PIECES_MAX)
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "more than %d pieces: make them larger",
                             PMT_PIECES_MAX);
    name = pmt_xcalloc(room, 1);
    pmt_part_path(name, room, p->path, part - 1);
    if (pmt_output_rename(&p->out, name) || pmt_output_commit(&p->out)) {
        free(name);
        p->out.file = NULL;
        return said(err);
    }
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 16;
        p->name = pmt_xreallocarray(p->name, p->room, sizeof *p->name);
    }
    p->name[p->count++] = name;
    if (pmt_output_open(&p->out, p->path, p->flags)) {
        p->out.file = NULL;
        return said(err);
    }
    pmt_sink_to_fd(sink, p->out.fd);
    return PMT_OK;
}

/* ---- all of it ------------------------------------------------------------- */

struct view {
    const struct pmt_pieces *pieces;
    uint64_t *start;           /* of each piece; then the size */
    size_t open;               /* which one is, + 1 */
    struct pmt_source source;
};

static int open_piece(struct view *v, size_t i, struct pmt_error *err)
{
    const struct pmt_pieces *p = v->pieces;
    int code;

    if (v->open == i + 1)
        return PMT_OK;
    pmt_source_close(&v->source);
    v->open = 0;
    code = i < p->count
               ? pmt_source_open_file(&v->source, p->name[i], err)
               : pmt_source_from_fd(&v->source, p->out.fd, 0, err);
    if (code == PMT_OK)
        v->open = i + 1;
    return code;
}

static int64_t view_read_at(void *context, uint64_t offset, void *buffer,
                            size_t n, struct pmt_error *err)
{
    struct view *v = context;
    size_t i = 0, last = v->pieces->count;
    int code;

    if (offset >= v->start[last + 1])
        return 0;
    while (offset >= v->start[i + 1])
        i++;
    code = open_piece(v, i, err);
    if (code < 0)
        return code;
    if (n > v->start[i + 1] - offset)
        n = (size_t)(v->start[i + 1] - offset);
    return v->source.read_at(v->source.context, offset - v->start[i], buffer,
                             n, err);
}

static void view_close(void *context)
{
    struct view *v = context;

    pmt_source_close(&v->source);
    free(v->start);
    free(v);
}

int pmt_pieces_source(struct pmt_pieces *p, struct pmt_source *source,
                      struct pmt_error *err)
{
    struct view *v = pmt_xcalloc(1, sizeof *v);
    struct stat st;

    memset(source, 0, sizeof *source);
    v->pieces = p;
    if (p->out.temporary == NULL) { /* it may be open for writing only */
        view_close(v);
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "is no file of ours");
    }
    v->start = pmt_xcalloc(p->count + 2, sizeof *v->start);
    for (size_t i = 0; i <= p->count; i++) {
        int failed = i < p->count ? stat(p->name[i], &st)
                                  : fstat(p->out.fd, &st);

        if (failed || !S_ISREG(st.st_mode)) {
            view_close(v);
            return failed ? pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                                "can't be read again")
                          : pmt_error_set(err, PMT_ERR_ARGUMENT,
                                          PMT_NO_OFFSET, "is no file");
        }
        v->start[i + 1] = v->start[i] + (uint64_t)st.st_size;
    }
    source->context = v;
    source->read_at = view_read_at;
    source->close = view_close;
    source->size = v->start[p->count + 1];
    return PMT_OK;
}
