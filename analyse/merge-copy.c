/* merge-copy.c: the bytes of a merge, with few files open at a time. */
#include "merge-files.h"
#include "merge.h"
#include "pmt/record.h"

struct copying {
    struct pmt_merge_list *list;
    struct pmt_copier *copier;
    struct pmt_merge_files *files;
};

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
        const uint8_t *bytes;
        size_t n;
        int code = pmt_merge_files_chunk(c->files, &chunk[i], &bytes, &n, err);

        if (code < 0)
            c->list->failing =
                pmt_merge_files_name(c->files, chunk[i].input);
        if (code == PMT_OK)
            code = pmt_copier_labelled(c->copier, bytes, n, err);
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

    for (size_t i = 0; code == PMT_OK &&
                       (copies = pmt_merge_copies(list, i)) > 0; i += copies) {
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
    struct copying c = {.list = list};
    int code = pmt_copier_new(&c.copier, sink, err);

    if (code == PMT_OK)
        code = pmt_merge_files_new(&c.files, list, 2, err);
    if (code == PMT_OK)
        code = copy_all(&c, progress, report, err);
    report->inputs = list->input_count;
    if (c.copier != NULL)
        report->bytes = pmt_copier_offset(c.copier);
    pmt_merge_files_free(c.files);
    pmt_copier_free(c.copier);
    return code;
}
