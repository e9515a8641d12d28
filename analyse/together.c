/* together.c: see together.h. */
#include "together.h"

#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "merge-files.h"
#include "merge-list.h"
#include "merge-say.h"
#include "merge.h"
#include "open.h"
#include "pmt/copy.h"
#include "pmt/parts.h"

/* Kept until the process ends. */
struct together {
    char *path, *name;
    struct pmt_inputs inputs;    /* the list borrows their paths */
    struct pmt_merge_list list;  /* its chunks: those taken, each once */
    uint64_t *start;             /* of each chunk, and the end */
    struct together *next;
};
static struct together *all;

static const struct together *find(const char *path)
{
    const struct together *t = all;

    while (t != NULL && strcmp(t->path, path) != 0)
        t = t->next;
    return t;
}

const char *pmt_together_name(const char *path)
{
    const struct together *t = find(path);

    return t != NULL ? t->name : NULL;
}

void pmt_together_json(const char *path, struct pmt_json *json)
{
    const struct together *t = find(path);

    if (t == NULL)
        return;
    pmt_json_array_begin(json, "traces");
    for (size_t i = 0; i < t->inputs.count; i++)
        pmt_json_string(json, NULL, pmt_trace_name(t->inputs.item[i].path));
    pmt_json_array_end(json);
}

/* ---- as a source --------------------------------------------------------- */

struct view {
    const struct together *of;
    struct pmt_merge_files *files;
    size_t last; /* bytes are mostly asked for in order */
};

/* The chunk in which a byte is that is before the end. */
static size_t chunk_at(const struct together *t, size_t from, uint64_t offset)
{
    size_t low = 0, high = t->list.chunk_count;

    if (t->start[from] <= offset && offset < t->start[from + 1])
        return from;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (t->start[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int64_t view_read_at(void *context, uint64_t offset, void *buffer,
                            size_t n, struct pmt_error *err)
{
    struct view *v = context;
    const struct together *t = v->of;
    const struct pmt_merge_chunk *chunk;
    struct pmt_source *source;
    uint64_t inside;
    int64_t got;
    int code;

    if (offset >= t->start[t->list.chunk_count])
        return 0;
    v->last = chunk_at(t, v->last, offset);
    chunk = &t->list.chunk[v->last];
    inside = offset - t->start[v->last];
    if (n > t->start[v->last + 1] - offset)
        n = (size_t)(t->start[v->last + 1] - offset);
    code = pmt_merge_files_source(v->files, chunk->input, &source, err);
    if (code < 0)
        return code;
    got = source->read_at(source->context, chunk->offset + inside, buffer, n,
                          err);
    /* What is behind it would be taken for what is missing. */
    return got != 0 ? got
                    : pmt_error_set(err, PMT_ERR_IO, PMT_NO_OFFSET,
                                    "%s became shorter",
                                    pmt_merge_files_name(v->files,
                                                         chunk->input));
}

static void view_close(void *context)
{
    struct view *v = context;

    pmt_merge_files_free(v->files);
    free(v);
}

int pmt_together_open(struct pmt_source *source, const char *path,
                      struct pmt_error *err)
{
    const struct together *t = find(path);
    struct view *v = calloc(1, sizeof *v);
    int code = v != NULL ? PMT_OK : pmt_error_set_memory(err);

    memset(source, 0, sizeof *source);
    /* A command may have three of them open. */
    if (code == PMT_OK)
        code = pmt_merge_files_new(&v->files, &t->list, 6, err);
    if (code < 0) {
        free(v);
        return code;
    }
    v->of = t;
    *source = (struct pmt_source){
        .context = v,
        .read_at = view_read_at,
        .size = t->start[t->list.chunk_count],
        .close = view_close,
    };
    return PMT_OK;
}

char *pmt_together_file_of(const char *path, uint64_t *offset)
{
    const struct together *t = find(path);
    const struct pmt_merge_chunk *chunk;
    struct pmt_source source;
    struct pmt_place place;
    const char *file;
    char *name;
    size_t i, room;

    if (t == NULL || *offset >= t->start[t->list.chunk_count])
        return NULL;
    i = chunk_at(t, 0, *offset);
    chunk = &t->list.chunk[i];
    if (chunk->input == PMT_MERGE_SPOOL)
        return NULL;
    file = t->list.input[chunk->input].path;
    if (pmt_source_open_trace(&source, file, NULL, NULL) != PMT_OK)
        return NULL;
    pmt_source_place(&source, chunk->offset + (*offset - t->start[i]),
                     &place);
    pmt_source_close(&source);
    *offset = place.offset;
    room = strlen(file) + 16;
    name = pmt_xcalloc(room, 1);
    if (place.older)
        pmt_part_path(name, room, file, place.part);
    else
        snprintf(name, room, "%s", pmt_trace_name(file));
    return name;
}

/* ---- putting together ---------------------------------------------------- */

static int nowhere(void *context, const void *bytes, size_t n,
                   struct pmt_error *err)
{
    (void)context, (void)bytes, (void)n, (void)err;
    return PMT_OK;
}

/* Which of some chunks of one number is taken: the first that is whole, as by
 * a merge; the first when none is. */
static int choose(struct pmt_merge_files *files,
                  const struct pmt_merge_chunk *chunk, size_t copies,
                  size_t *which, struct pmt_error *err)
{
    struct pmt_sink sink = {.write = nowhere};
    struct pmt_copier *copier;
    int code = pmt_copier_new(&copier, &sink, err);

    *which = copies;
    for (size_t i = 0; code == PMT_OK && i < copies && *which == copies;
         i++) {
        const uint8_t *bytes;
        size_t n;

        code = pmt_merge_files_chunk(files, &chunk[i], &bytes, &n, err);
        if (code == PMT_OK)
            code = pmt_copier_labelled(copier, bytes, n, err);
        if (code == PMT_OK)
            *which = i;
        else if (code == PMT_END || code == PMT_ERR_CORRUPT)
            code = PMT_OK;
    }
    pmt_copier_free(copier);
    if (*which == copies)
        *which = 0;
    return code;
}

/* Leaves of a list that was planned what is taken, each chunk once. */
static int take_once(struct together *t, struct pmt_error *err)
{
    struct pmt_merge_list *list = &t->list;
    struct pmt_merge_chunk *chunk = list->chunk;
    struct pmt_merge_files *files;
    size_t count = 0, copies, which;
    int code = pmt_merge_files_new(&files, list, 6, err);

    t->start = pmt_xcalloc(list->chunk_count + 1, sizeof *t->start);
    for (size_t i = 0; code == PMT_OK &&
                       (copies = pmt_merge_copies(list, i)) > 0; i += copies) {
        which = 0;
        if (copies > 1)
            code = choose(files, &chunk[i], copies, &which, err);
        chunk[count] = chunk[i + which];
        t->start[count + 1] =
            t->start[count] + PMT_LABEL_SIZE + chunk[count].frame_bytes;
        count++;
    }
    list->chunk_count = count;
    pmt_merge_files_free(files);
    return code;
}

static int same_moments(const struct pmt_inputs *inputs)
{
    for (size_t i = 1; i < inputs->count; i++)
        if (pmt_moment_compare(&inputs->item[0].moment,
                               &inputs->item[i].moment) != 0)
            return pmt_fail("one table of traces at different moments: "
                            "--each makes one of each");
    return PMT_EXIT_OK;
}

/* Its list is filled and planned. */
static int make(struct together *t, const struct pmt_common *common,
                bool strict, int *damage)
{
    struct pmt_merge_report report;
    struct pmt_error err;

    for (size_t i = 0; i < t->inputs.count; i++) {
        int status = pmt_merge_list_add(&t->list, t->inputs.item[i].path,
                                        common, strict);

        if (status == PMT_EXIT_TROUBLE)
            return status;
        *damage = pmt_exit_worse(*damage, status);
    }
    if (t->list.refused > 0)
        *damage = PMT_EXIT_TROUBLE;
    if (pmt_merge_plan(&t->list, &report, &err) != PMT_OK ||
        take_once(t, &err) != PMT_OK)
        return pmt_fail("%s", err.message);
    pmt_merge_warn_left_out(&report);
    pmt_merge_note(&report);
    if (t->list.chunk_count == 0)
        return pmt_fail("nothing to read in these traces");
    return PMT_EXIT_OK;
}

int pmt_inputs_together(struct pmt_inputs *inputs,
                        const struct pmt_common *common, bool strict,
                        int *damage)
{
    static unsigned number;
    char count[PMT_TEXT_SIZE];
    struct pmt_input *one;
    struct together *t;

    if (inputs->count < 2)
        return PMT_EXIT_OK;
    if (same_moments(inputs))
        return PMT_EXIT_TROUBLE;
    t = pmt_xcalloc(1, sizeof *t);
    t->inputs = *inputs;
    *inputs = (struct pmt_inputs){
        .item = one = pmt_xcalloc(1, sizeof *one), .count = 1, .room = 1};
    /* That of no file. */
    t->path = pmt_xasprintf("/dev/null/together/%u", ++number);
    t->name = pmt_xasprintf("%s traces",
                            pmt_text_count(count, t->inputs.count));
    one->path = pmt_xstrdup(t->path);
    pmt_moment_copy(&one->moment, &t->inputs.item[0].moment);
    t->next = all;
    all = t;
    return make(t, common, strict, damage);
}
