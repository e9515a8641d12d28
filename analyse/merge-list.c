/* merge-list.c: the chunks of the inputs of a merge. */
#include "merge-list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "open.h"
#include "pmt/index.h"
#include "pmt/parts.h"
#include "pmt/reader.h"

#define HASH_SIZE 65536u

/* Room for one more item in an array that doubles. */
static int grow(void **array, size_t count, size_t *room, size_t size)
{
    size_t want = *room ? *room * 2 : 64;
    void *more;

    if (count < *room)
        return PMT_OK;
    more = realloc(*array, want * size);
    if (more == NULL)
        return PMT_ERR_MEMORY;
    *array = more;
    *room = want;
    return PMT_OK;
}

#define GROW(list, what)                                                      \
    grow((void **)&(list)->what, (list)->what##_count, &(list)->what##_room,  \
         sizeof *(list)->what)

void pmt_merge_list_release(struct pmt_merge_list *list)
{
    for (size_t i = 0; i < list->stream_count; i++)
        free(list->stream[i].cut);
    for (size_t i = 0; i < list->input_count; i++)
        pmt_source_close(&list->input[i].source);
    pmt_copier_free(list->spooler);
    if (list->spool != NULL)
        fclose(list->spool);
    free(list->chunk);
    free(list->stream);
    free(list->hash);
    free(list->input);
    memset(list, 0, sizeof *list);
}

/* ---- streams ------------------------------------------------------------- */

/* One input while it is listed: which stream a key means in it now. */
struct listing {
    struct pmt_merge_list *list;
    uint32_t input;
    struct {
        uint64_t key;
        uint32_t stream;
    } *now;
    size_t now_count, now_room;
    size_t last;
};

static bool same_stream(const struct pmt_merge_stream *a,
                        const struct pmt_merge_stream *b)
{
    return a->key == b->key && a->has_header == b->has_header &&
           a->refused == b->refused && a->filters == b->filters &&
           a->cut_bytes == b->cut_bytes &&
           memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0 &&
           (a->cut_bytes == 0 || memcmp(a->cut, b->cut, a->cut_bytes) == 0);
}

/* Would a merge keep the header of `a` rather than that of `b`? */
static bool better_header(const struct pmt_merge_stream *a,
                          const struct pmt_merge_stream *b)
{
    if (a->header_seq != b->header_seq)
        return a->header_seq < b->header_seq;
    if (a->header_bytes != b->header_bytes)
        return a->header_bytes > b->header_bytes;
    return a->header_crc < b->header_crc;
}

/* The stream that is like `like`, whose `cut` is taken over. */
static int find_stream(struct pmt_merge_list *list,
                       struct pmt_merge_stream *like, uint32_t *stream)
{
    size_t *slot;

    if (list->hash == NULL) {
        list->hash = calloc(HASH_SIZE, sizeof *list->hash);
        if (list->hash == NULL)
            return PMT_ERR_MEMORY;
    }
    slot = &list->hash[(like->key ^ like->key >> 32) % HASH_SIZE];
    for (size_t i = *slot; i > 0; i = list->stream[i - 1].next) {
        struct pmt_merge_stream *s = &list->stream[i - 1];

        if (!same_stream(s, like))
            continue;
        if (better_header(like, s)) {
            s->header_seq = like->header_seq;
            s->header_bytes = like->header_bytes;
            s->header_crc = like->header_crc;
            s->start = like->start;
        }
        free(like->cut);
        *stream = (uint32_t)(i - 1);
        return PMT_OK;
    }
    if (GROW(list, stream) < 0)
        return PMT_ERR_MEMORY;
    like->next = *slot;
    list->stream[list->stream_count++] = *like;
    *slot = list->stream_count;
    *stream = (uint32_t)(list->stream_count - 1);
    return PMT_OK;
}

static int set_now(struct listing *l, uint64_t key, uint32_t stream)
{
    for (size_t i = 0; i < l->now_count; i++)
        if (l->now[i].key == key) {
            l->now[i].stream = stream;
            return PMT_OK;
        }
    if (grow((void **)&l->now, l->now_count, &l->now_room,
             sizeof *l->now) < 0)
        return PMT_ERR_MEMORY;
    l->now[l->now_count].key = key;
    l->now[l->now_count++].stream = stream;
    return PMT_OK;
}

/* Which stream a chunk is of, by what was met of its key in this input. */
static int stream_now(struct listing *l, uint64_t key, uint32_t *stream)
{
    struct pmt_merge_stream like = {.key = key};
    int code;

    if (l->last < l->now_count && l->now[l->last].key == key) {
        *stream = l->now[l->last].stream;
        return PMT_OK;
    }
    for (size_t i = 0; i < l->now_count; i++)
        if (l->now[i].key == key) {
            l->last = i;
            *stream = l->now[i].stream;
            return PMT_OK;
        }
    code = find_stream(l->list, &like, stream);
    return code < 0 ? code : set_now(l, key, *stream);
}

static int append_text(struct pmt_buffer *to, const struct pmt_text *text)
{
    uint32_t length = text->length;
    int code = pmt_buffer_append(to, &length, sizeof length);

    return code < 0 ? code : pmt_buffer_append(to, text->bytes, length);
}

/* What tells cuts of one recording apart. */
static int describe_cut(const struct pmt_stream_header *h,
                        struct pmt_merge_stream *s)
{
    struct pmt_buffer cut = {NULL, 0, 0};
    int code = PMT_OK;

    s->filters = h->filter != NULL ? (uint32_t)h->filter_count + 1 : 0;
    for (size_t i = 0; code == PMT_OK && i < h->filter_count; i++)
        code = append_text(&cut, &h->filter[i]);
    if (code == PMT_OK && h->archive.there)
        code = pmt_buffer_append(&cut, h->archive.digest,
                                 sizeof h->archive.digest);
    if (code == PMT_OK && h->archive.there)
        code = pmt_buffer_append(&cut, &h->archive.chunk_records,
                                 sizeof h->archive.chunk_records);
    if (code == PMT_OK && h->archive.split > 0)
        code = pmt_buffer_append(&cut, &h->archive.split,
                                 sizeof h->archive.split);
    s->cut = cut.bytes;
    s->cut_bytes = cut.used;
    return code;
}

/* A header was met; `entry` (NULL: of a later version) tells of its chunk. */
static int take_header(struct listing *l, const struct pmt_event *event,
                       const struct pmt_entry *entry)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);
    struct pmt_merge_stream s = {.key = pmt_stream_key(event->stream)};
    uint32_t stream;
    int code = PMT_OK;

    if (entry == NULL) {
        s.refused = true;
        l->list->refused++;
    } else {
        s.has_header = true;
        s.header_seq = entry->seq;
        s.header_bytes = entry->frame_bytes;
        s.header_crc = entry->frame_crc;
        memcpy(s.uuid, h->uuid, sizeof s.uuid);
        if (h->has_boot)
            memcpy(s.start.boot, h->boot, sizeof h->boot);
        s.start.clock = h->clock;
        s.start.tick_ns = h->tick_ns;
        s.start.mono_ns = h->start_mono_ns;
        s.start.real_ns = h->start_real_ns;
        s.start.uncertainty_ns = h->start_uncertainty_ns;
        code = describe_cut(h, &s);
    }
    code = code < 0 ? code : find_stream(l->list, &s, &stream);
    return code < 0 ? code : set_now(l, s.key, stream);
}

/* ---- chunks -------------------------------------------------------------- */

static int add_chunk(struct listing *l, const struct pmt_entry *entry,
                     uint32_t input, uint64_t offset)
{
    struct pmt_merge_list *list = l->list;
    uint32_t stream;
    int code = stream_now(l, entry->stream_key, &stream);

    code = code < 0 ? code : GROW(list, chunk);
    if (code < 0)
        return code;
    list->chunk[list->chunk_count++] = (struct pmt_merge_chunk){
        .offset = offset,
        .time = (int64_t)entry->t0,
        .input = input,
        .stream = stream,
        .seq = entry->seq,
        .frame_bytes = entry->frame_bytes,
        .crc = entry->frame_crc,
        .count = entry->count,
        .kind = entry->kind < 0xffff ? (uint16_t)entry->kind : 0xffff,
        .drop = list->stream[stream].refused,
    };
    list->bytes += PMT_LABEL_SIZE + entry->frame_bytes;
    return PMT_OK;
}

/* Puts a frame that can't be read again, or has no good label, aside. */
static int spool(struct listing *l, struct pmt_entry *entry,
                 const uint8_t *frame, struct pmt_error *err)
{
    struct pmt_merge_list *list = l->list;
    int code = PMT_OK;

    if (list->spool == NULL) {
        struct pmt_sink sink;

        list->spool = tmpfile();
        if (list->spool == NULL)
            return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                       "no temporary file");
        pmt_sink_to_fd(&sink, fileno(list->spool));
        code = pmt_copier_new(&list->spooler, &sink, err);
    }
    if (code < 0)
        return code;
    code = pmt_copier_frame(list->spooler, entry, frame, err);
    if (code == PMT_OK &&
        add_chunk(l, entry, PMT_MERGE_SPOOL,
                  pmt_copier_offset(list->spooler) - PMT_LABEL_SIZE -
                      entry->frame_bytes) < 0)
        code = pmt_error_set_memory(err);
    return code;
}

/* Goes through a trace without an index, or with a journal. */
static int walk(struct listing *l, struct pmt_trace *in, bool rereads,
                struct pmt_error *err)
{
    uint64_t bad_label = PMT_NO_OFFSET;
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        struct pmt_entry entry;
        const uint8_t *frame;

        if (event.type == PMT_EVENT_DAMAGE && !event.data_lost)
            bad_label = event.offset;
        if (event.type == PMT_EVENT_REFUSED &&
            take_header(l, &event, NULL) < 0)
            return pmt_error_set_memory(err);
        if (!pmt_event_is_chunk(&event))
            continue;
        code = pmt_event_entry(in->reader, &event, &entry, &frame, err);
        if (code < 0)
            return code;
        if (event.type == PMT_EVENT_STREAM &&
            take_header(l, &event, &entry) < 0)
            return pmt_error_set_memory(err);
        if (!rereads || !event.has_label || event.from_journal ||
            event.offset == bad_label)
            code = spool(l, &entry, frame, err);
        else if (add_chunk(l, &entry, l->input, entry.offset) < 0)
            code = pmt_error_set_memory(err);
        if (code < 0)
            return code;
    }
    return code == PMT_END ? PMT_OK : code;
}

static const struct pmt_reader_options labels_only = {
    .skip_kinds = ~(UINT64_C(1) << PMT_KIND_STREAM),
    .no_tables = true,
};

/* The header at an entry; one that is damaged is passed over. */
static int read_header(struct listing *l, const struct pmt_source *source,
                       const struct pmt_entry *entry)
{
    struct pmt_source view;
    struct pmt_reader *r;
    struct pmt_event event;
    int code = PMT_OK;

    pmt_source_from_part(&view, source, entry->offset,
                         PMT_LABEL_SIZE + (uint64_t)entry->frame_bytes);
    if (pmt_reader_open(&r, &view, &labels_only, NULL) != PMT_OK)
        return PMT_OK;
    if (pmt_reader_next(r, &event, NULL) == PMT_OK &&
        (event.type == PMT_EVENT_STREAM || event.type == PMT_EVENT_REFUSED))
        code = take_header(l, &event,
                           event.type == PMT_EVENT_STREAM ? entry : NULL);
    pmt_reader_free(r);
    return code;
}

/* Takes the index. PMT_END: there is none that covers the file. */
static int list_by_index(struct listing *l, struct pmt_source *source,
                         struct pmt_error *err)
{
    struct pmt_index index;
    int code = pmt_index_read(&index, source, err);

    if (code != PMT_OK)
        return code == PMT_ERR_CORRUPT ? PMT_END : code;
    for (size_t i = 0; code == PMT_OK && i < index.count; i++) {
        const struct pmt_entry *e = &index.entries[i];

        if (e->kind == PMT_KIND_STREAM)
            code = read_header(l, source, e);
        if (code == PMT_OK)
            code = add_chunk(l, e, l->input, e->offset);
    }
    pmt_index_release(&index);
    return code < 0 ? pmt_error_set_memory(err) : code;
}

/* ---- inputs -------------------------------------------------------------- */

static int walk_trace(struct listing *l, const char *path,
                      struct pmt_source *source, bool journal,
                      const struct pmt_common *common, bool strict)
{
    bool is_pipe = source->read_at == NULL || source->size == PMT_NO_OFFSET;
    struct pmt_trace in;
    struct pmt_error err;
    struct pmt_source copy = *source;
    int code;

    copy.close = NULL;
    if (journal || source->read_at == NULL) {
        if (pmt_trace_open(&in, path, common, &labels_only))
            return PMT_EXIT_TROUBLE;
    } else if (pmt_trace_from_source(&in, &copy, path, &labels_only, &err) !=
               PMT_OK) {
        return pmt_fail("%s: %s", path, err.message);
    }
    code = walk(l, &in, !is_pipe, &err);
    if (code < 0)
        return pmt_trace_failed(&in, &err);
    /* These are copied; and what is missing here another input may have. */
    in.health.unknown = in.health.features = in.health.unreadable = 0;
    in.health.chunks_missing = 0;
    return pmt_trace_close(&in, PMT_EXIT_OK, strict);
}

static int list_source(struct listing *l, const char *path,
                       struct pmt_source *source, bool journal,
                       const struct pmt_common *common, bool strict)
{
    struct pmt_error err;
    uint64_t refused = l->list->refused;
    int code = journal ? PMT_END : list_by_index(l, source, &err);

    if (code < 0)
        return pmt_fail("%s: %s", path, err.message);
    if (code == PMT_END)
        return walk_trace(l, path, source, journal, common, strict);
    if (l->list->refused > refused)
        return pmt_fail("%s: a stream is of a version of the format that is "
                        "newer than this program", path);
    return PMT_EXIT_OK;
}

static int list_input(struct listing *l, const char *path,
                      const struct pmt_common *common, bool strict)
{
    struct pmt_merge_input *input;
    enum pmt_journal_state journal = pmt_trace_journal(path);
    struct pmt_source source = {0};
    struct pmt_error err;
    int status;

    if (GROW(l->list, input) < 0)
        return pmt_fail("out of memory");
    l->input = (uint32_t)l->list->input_count;
    if (strcmp(path, "-") == 0)
        return walk_trace(l, path, &source, false, common, strict);
    if (pmt_source_open_trace(&source, path, NULL, &err) != PMT_OK)
        return pmt_fail("%s: %s", path, err.message);
    status = list_source(l, path, &source, journal == PMT_JOURNAL_DEAD,
                         common, strict);
    input = &l->list->input[l->list->input_count++];
    *input = (struct pmt_merge_input){
        .path = path,
        .pinned = journal == PMT_JOURNAL_BUSY,
    };
    if (input->pinned) {
        input->source = source;
        pmt_note("%s: its process still records: what is in the file so far "
                 "is taken", path);
    } else {
        pmt_source_close(&source);
    }
    return status;
}

int pmt_merge_list_add(struct pmt_merge_list *list, const char *path,
                       const struct pmt_common *common, bool strict)
{
    struct listing l = {.list = list};
    uint64_t refused = list->refused;
    int status = list_input(&l, path, common, strict);

    free(l.now);
    /* It was said, and the others are of use. */
    if (status == PMT_EXIT_TROUBLE && list->refused > refused && !strict)
        status = PMT_EXIT_OK;
    return status;
}
