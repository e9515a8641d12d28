/* reader-open.c - opening and closing a reader, with its journal. */
#include "reader-private.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/parts.h"
#include "reader-state.h"

/* Takes the first event. Where the file does not begin like a trace, that is
 * damage, and only the next one tells whether it is a trace at all. */
static int open_both(struct pmt_reader *r, struct pmt_error *err)
{
    int rc = pmt_scan_new(&r->scan, &r->input, err);

    rc = rc < 0 ? rc : pmt_reader_next_event(r, &r->first, err);
    if (rc == PMT_OK && r->first.type == PMT_EVENT_DAMAGE &&
        !r->has_waiting) {
        rc = pmt_scan_settle(r->scan, err);
    }
    r->opened = rc == PMT_OK;
    if (rc == PMT_END) {
        rc = pmt_error_set(err, PMT_ERR_NOT_A_TRACE, 0, "the file is empty");
    }
    return rc;
}

/* The journal says how far the newest part was written; what is behind that
 * is in the journal still (see drain.c). But when it is of a part before, the
 * newest was begun and whole when its process died. A journal of a later part,
 * or of another stream, is of another file. */
static void fit_journal(struct pmt_reader *r, struct pmt_source *source,
                        uint64_t last_part_at)
{
    struct pmt_journal *j = &r->journal;
    uint32_t part = j->header->part;
    uint8_t uuid[16];
    uint64_t end;

    if (pmt_source_part(source, last_part_at, uuid, &part) &&
        (memcmp(uuid, j->header->uuid, sizeof uuid) != 0 ||
         part < j->header->part)) {
        r->has_journal = false;
        return;
    }
    if (part == j->header->part) {
        end = pmt_journal_trace_end(j, source->size - last_part_at);
        if (end < source->size - last_part_at) {
            source->size = last_part_at + end;
        }
    }
    j->header->pending = 0;
    /* The journal goes on from these. */
    r->options.no_tables = false;
    r->options.skip_kinds &= ~(UINT64_C(1) << PMT_KIND_LOSS);
}

int pmt_reader_open_both(struct pmt_reader **out, struct pmt_source *source,
                         uint64_t last_part_at, struct pmt_journal *journal,
                         const struct pmt_reader_options *options,
                         struct pmt_error *err)
{
    struct pmt_reader *r = calloc(1, sizeof *r);
    int rc;

    *out = NULL;
    if (!r) {
        pmt_source_close(source);
        pmt_journal_close(journal);
        return pmt_error_set_memory(err);
    }
    if (options) {
        r->options = *options;
    }
    r->journal = *journal;
    r->has_journal = journal->header != NULL;
    memset(journal, 0, sizeof *journal);
    if (r->has_journal && source->size != PMT_NO_OFFSET) {
        fit_journal(r, source, last_part_at);
    }
    pmt_input_init(&r->input, source);
    rc = open_both(r, err);
    if (rc < 0) {
        pmt_reader_free(r);
        return rc;
    }
    *out = r;
    return PMT_OK;
}

int pmt_reader_open(struct pmt_reader **out, struct pmt_source *source,
                    const struct pmt_reader_options *options,
                    struct pmt_error *err)
{
    struct pmt_journal none = {.fd = -1};

    return pmt_reader_open_both(out, source, 0, &none, options, err);
}

/* The journal beside a trace, when its process is dead. Any trouble with it
 * leaves the trace as it is. */
static void open_journal(struct pmt_journal *j, const char *path)
{
    size_t n = strlen(path);
    char *name = malloc(n + sizeof PMT_JOURNAL_SUFFIX);

    if (name) {
        memcpy(name, path, n);
        memcpy(name + n, PMT_JOURNAL_SUFFIX, sizeof PMT_JOURNAL_SUFFIX);
        pmt_journal_open(j, name, NULL);
        free(name);
    }
}

int pmt_reader_open_path(struct pmt_reader **out, const char *path,
                         const struct pmt_reader_options *options,
                         struct pmt_error *err)
{
    struct pmt_source source;
    struct pmt_journal journal = {.fd = -1};
    uint64_t last_part_at;
    int rc;

    *out = NULL;
    if (!strcmp(path, "-")) {
        rc = pmt_source_from_fd(&source, 0, 0, err);
        return rc < 0 ? rc : pmt_reader_open(out, &source, options, err);
    }
    /* First the journal: when its process is dead the files stay as they
     * are. */
    if (!(options && options->no_journal)) {
        open_journal(&journal, path);
    }
    rc = pmt_source_open_trace(&source, path, &last_part_at, err);
    if (rc < 0) {
        pmt_journal_close(&journal);
        return rc;
    }
    if (source.size == PMT_NO_OFFSET) {
        pmt_journal_close(&journal);
    }
    return pmt_reader_open_both(out, &source, last_part_at, &journal,
                                options, err);
}

void pmt_reader_free(struct pmt_reader *r)
{
    if (!r) {
        return;
    }
    pmt_ahead_free(r->ahead);
    pmt_scan_free(r->scan);
    pmt_input_release(&r->input);
    pmt_source_close(&r->file);
    pmt_journal_close(&r->journal);
    pmt_buffer_release(&r->tail);
    pmt_buffer_release(&r->content);
    pmt_chunk_release(&r->chunk);
    for (size_t i = 0; i < r->stream_count; i++) {
        pmt_stream_free(r->streams[i].stream);
    }
    free(r->streams);
    free(r->refused);
    free(r->allocs);
    free(r->objects);
    free(r->lives);
    free(r->processes);
    free(r);
}

/* ---- private to libpmt (reader-state.h) --------------------------------- */

const struct pmt_resume_point *
pmt_reader_resume_point(struct pmt_reader *r, const struct pmt_stream *s)
{
    const struct pmt_stream_slot *slot = pmt_reader_find(r, s->key);

    return slot ? &slot->at : NULL;
}

void pmt_reader_place(const struct pmt_reader *r, uint64_t offset,
                      struct pmt_place *place)
{
    pmt_source_place(r->in_journal ? &r->file : &r->input.source, offset,
                     place);
}

uint64_t pmt_reader_bytes_dropped(const struct pmt_reader *r)
{
    return r->file_bytes > r->sound_bytes ? r->file_bytes - r->sound_bytes
                                          : 0;
}

const struct pmt_tail_report *
pmt_reader_tail_report(const struct pmt_reader *r)
{
    return &r->tail_report;
}

struct pmt_stream *pmt_reader_stream(struct pmt_reader *r, size_t i)
{
    return i < r->stream_count ? r->streams[i].stream : NULL;
}

const uint8_t *pmt_reader_frame(struct pmt_reader *r,
                                const struct pmt_event *event,
                                struct pmt_error *err)
{
    const struct pmt_scanned item = {.offset = event->offset,
                                     .frame_offset = event->frame_offset,
                                     .frame_bytes = event->frame_bytes};

    if (r->ahead) {
        pmt_error_set(err, PMT_ERR_ARGUMENT, event->offset,
                      "a reader that reads ahead keeps no frames");
        return NULL;
    }
    return pmt_scan_frame(r->scan, &item, err);
}
