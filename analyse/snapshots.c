/* snapshots.c: see snapshots.h. */
#include "snapshots.h"

#include <stdlib.h>
#include <string.h>

void pmt_snapshots_init(struct pmt_snapshots *s,
                        enum pmt_snapshot_choice choice)
{
    memset(s, 0, sizeof *s);
    s->until = (struct pmt_instant){.is_end = true, .ns = UINT64_MAX};
    s->choice = choice;
}

static void release_snapshot(struct pmt_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->value_count; i++) {
        free(snapshot->values[i].title);
        free(snapshot->values[i].unit);
    }
    free(snapshot->values);
    free(snapshot->rows);
    free(snapshot->name);
    memset(snapshot, 0, sizeof *snapshot);
}

void pmt_snapshots_release(struct pmt_snapshots *s)
{
    for (size_t i = 0; i < s->stream_count; i++) {
        release_snapshot(&s->streams[i].found);
        release_snapshot(&s->streams[i].now);
    }
    free(s->streams);
    free(s->own_name);
    memset(s, 0, sizeof *s);
}

int pmt_snapshots_choose(struct pmt_snapshots *s, const char *asked)
{
    size_t digits = strspn(asked, "0123456789");
    char *hash;

    if (digits > 0 && digits < 19 && !asked[digits]) {
        pmt_snapshots_init(s, PMT_SNAPSHOT_NUMBER);
        s->number = strtoull(asked, NULL, 10);
        return PMT_OK;
    }
    pmt_snapshots_init(s, PMT_SNAPSHOT_NAME);
    s->name = s->own_name = strdup(asked);
    if (!s->own_name)
        return PMT_ERR_MEMORY;
    s->number = 1;
    hash = strrchr(s->own_name, '#');
    digits = hash ? strspn(hash + 1, "0123456789") : 0;
    if (digits > 0 && digits < 19 && !hash[1 + digits]) {
        s->number = strtoull(hash + 1, NULL, 10);
        *hash = '\0';
    }
    return PMT_OK;
}

static struct pmt_snapshot_stream *
stream_of(struct pmt_snapshots *s, const struct pmt_stream *stream)
{
    struct pmt_snapshot_stream *more;

    for (size_t i = s->stream_count; i-- > 0;)
        if (s->streams[i].stream == stream)
            return &s->streams[i];
    more = reallocarray(s->streams, s->stream_count + 1, sizeof *more);
    if (!more)
        return NULL;
    s->streams = more;
    s->streams[s->stream_count] =
        (struct pmt_snapshot_stream){.stream = stream};
    return &s->streams[s->stream_count++];
}

/* ---- which one --------------------------------------------------------- */

static bool is_named(const struct pmt_snapshot *snapshot, const char *name)
{
    return snapshot->name_length == strlen(name) &&
           memcmp(snapshot->name, name, snapshot->name_length) == 0;
}

/* Is what was just begun to be kept, as far as can be told? */
static bool is_wanted(struct pmt_snapshots *s,
                      const struct pmt_snapshot *snapshot)
{
    switch (s->choice) {
    case PMT_SNAPSHOT_LATEST:
    case PMT_SNAPSHOT_LARGEST:
        return true;
    case PMT_SNAPSHOT_NUMBER:
        return snapshot->number == s->number;
    case PMT_SNAPSHOT_NAME:
        return is_named(snapshot, s->name) && ++s->named == s->number;
    }
    return false;
}

/* What was being read is whole. */
static void settle(struct pmt_snapshots *s, struct pmt_snapshot_stream *stream)
{
    if (stream->now.number &&
        (s->choice != PMT_SNAPSHOT_LARGEST || !stream->found.number ||
         stream->now.bytes > stream->found.bytes)) {
        release_snapshot(&stream->found);
        stream->found = stream->now;
        memset(&stream->now, 0, sizeof stream->now);
    }
    release_snapshot(&stream->now);
}

void pmt_snapshots_finish(struct pmt_snapshots *s)
{
    for (size_t i = 0; i < s->stream_count; i++) {
        settle(s, &s->streams[i]);
        s->count += s->streams[i].found.number > 0;
    }
}

/* ---- a chunk ----------------------------------------------------------- */

static char *copy(struct pmt_text text)
{
    char *bytes = malloc(text.length + (size_t)1);

    if (!bytes)
        return NULL;
    if (text.bytes)
        memcpy(bytes, text.bytes, text.length);
    bytes[text.bytes ? text.length : 0] = '\0';
    return bytes;
}

static bool take_values(struct pmt_snapshot *snapshot, struct pmt_reader *r)
{
    size_t count;
    const struct pmt_figure *values = pmt_reader_figures(r, &count);

    if (count == 0)
        return true;
    snapshot->values = calloc(count, sizeof *snapshot->values);
    if (!snapshot->values)
        return false;
    snapshot->value_count = count;
    for (size_t i = 0; i < count; i++) {
        struct pmt_snapshot_value *value = &snapshot->values[i];

        value->title = copy(values[i].name);
        value->unit = copy(values[i].unit);
        value->value = values[i].value;
        if (!value->title || !value->unit)
            return false;
    }
    return true;
}

static bool take_rows(struct pmt_snapshot *snapshot, struct pmt_reader *r,
                      uint32_t count)
{
    const uint64_t *blocks = pmt_reader_column(r, PMT_COL_BLOCKS);
    const uint64_t *bytes = pmt_reader_column(r, PMT_COL_SIZE);
    const uint64_t *stacks = pmt_reader_column(r, PMT_COL_STACK);
    const uint64_t *types = pmt_reader_column(r, PMT_COL_TYPE);
    const uint64_t *domains = pmt_reader_column(r, PMT_COL_DOMAIN);

    if (snapshot->row_count + count > snapshot->row_capacity) {
        size_t capacity = snapshot->row_capacity * 2 + count;
        void *more = reallocarray(snapshot->rows, capacity,
                                  sizeof *snapshot->rows);

        if (!more)
            return false;
        snapshot->rows = more;
        snapshot->row_capacity = capacity;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t domain = domains ? domains[i] : 0;
        struct pmt_snapshot_row row = {
            .blocks = blocks ? blocks[i] : 0,
            .bytes = bytes ? bytes[i] : 0,
            .stack = stacks ? (uint32_t)stacks[i] : 0,
            .type = types ? (uint32_t)types[i] : 0,
            .domain = (uint8_t)(domain < PMT_BLOCK_DOMAINS
                                    ? domain
                                    : PMT_BLOCK_DOMAINS - 1),
        };

        snapshot->rows[snapshot->row_count++] = row;
        snapshot->blocks += row.blocks;
        snapshot->bytes += row.bytes;
    }
    return true;
}

static bool same_text(const struct pmt_snapshot *snapshot,
                      struct pmt_text name)
{
    return snapshot->name && snapshot->name_length == name.length &&
           memcmp(snapshot->name, name.bytes ? name.bytes : "",
                  name.length) == 0;
}

/* The next snapshot of the stream begins: only its head stays unless it is
 * wanted, to know the chunks that go on with it. */
static bool start(struct pmt_snapshots *s, struct pmt_snapshot_stream *stream,
                  struct pmt_reader *r, uint64_t time, bool past)
{
    struct pmt_text name = pmt_reader_text(r, 0);
    struct pmt_snapshot *now = &stream->now;

    settle(s, stream);
    now->name = copy(name);
    if (!now->name)
        return false;
    now->name_length = name.bytes ? name.length : 0;
    now->time = time;
    now->number = ++s->seen;
    if (past || !is_wanted(s, now)) {
        now->number = 0;
        return true;
    }
    return take_values(now, r);
}

/* A stream whose header comes again starts from nothing (5.1). */
static void forget(struct pmt_snapshots *s, const struct pmt_stream *stream)
{
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i].stream == stream) {
            release_snapshot(&s->streams[i].found);
            release_snapshot(&s->streams[i].now);
        }
}

/* A chunk behind the moment that the reader did not read: it has a number
 * all the same. */
static void pass_over(struct pmt_snapshots *s,
                      struct pmt_snapshot_stream *stream, uint64_t time)
{
    if (stream->now.time == time && !stream->now.name && stream->passed)
        return;
    settle(s, stream);
    stream->passed = true;
    stream->now.time = time;
    s->seen++;
}

static bool is_past(const struct pmt_snapshots *s,
                    const struct pmt_event *event)
{
    uint64_t until = pmt_instant_in_stream(&s->until, event->stream);
    uint32_t tick_ns = pmt_stream_header(event->stream)->tick_ns;

    return until != UINT64_MAX && event->envelope.t0 > until / tick_ns;
}

static bool take(struct pmt_snapshots *s, struct pmt_reader *r,
                 const struct pmt_event *event)
{
    struct pmt_snapshot_stream *stream = stream_of(s, event->stream);
    uint64_t time = event->envelope.t0;

    if (!stream)
        return false;
    if (event->type == PMT_EVENT_SKIPPED_CHUNK) {
        pass_over(s, stream, time);
        return true;
    }
    if ((stream->now.time != time ||
         !same_text(&stream->now, pmt_reader_text(r, 0))) &&
        !start(s, stream, r, time, is_past(s, event)))
        return false;
    return !stream->now.number ||
           take_rows(&stream->now, r, event->envelope.count);
}

int pmt_snapshots_take(struct pmt_snapshots *s, struct pmt_reader *r,
                       const struct pmt_event *event, struct pmt_error *err)
{
    if (event->type == PMT_EVENT_STREAM && !event->goes_on)
        forget(s, event->stream);
    if ((event->type != PMT_EVENT_RECORDS &&
         event->type != PMT_EVENT_SKIPPED_CHUNK) ||
        event->envelope.kind != PMT_KIND_SNAPSHOT || take(s, r, event))
        return PMT_OK;
    return pmt_error_set(err, PMT_ERR_MEMORY, event->offset,
                         "out of memory for a snapshot");
}

int pmt_snapshots_group(const struct pmt_snapshots *s,
                        struct pmt_grouping *grouping)
{
    for (size_t i = 0; i < s->stream_count; i++) {
        const struct pmt_snapshot *found = &s->streams[i].found;
        uint64_t sample_bytes = pmt_sampling_of(s->streams[i].stream);

        if (found->number && sample_bytes &&
            pmt_grouping_sampled(grouping, sample_bytes))
            return PMT_ERR_MEMORY;
        for (size_t k = 0; k < found->row_count; k++) {
            const struct pmt_snapshot_row *row = &found->rows[k];
            struct pmt_block block = {
                .stack = row->stack,
                .type = row->type & 0xffffff,
                .domain = row->domain & (PMT_BLOCK_DOMAINS - 1),
                .size = row->blocks ? row->bytes / row->blocks : 0,
            };

            if (row->blocks &&
                pmt_grouping_add(grouping, s->streams[i].stream, i, &block,
                                 row->blocks, row->bytes, sample_bytes))
                return PMT_ERR_MEMORY;
        }
    }
    return PMT_OK;
}
