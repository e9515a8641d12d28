/* survivors.c: see survivors.h. */
#include "survivors.h"

#include <stdlib.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "names.h"

#define STRETCHES 10
#define MARK_NAME_SIZE 80

struct mark {
    uint64_t time; /* tick */
    char name[MARK_NAME_SIZE];
};

struct pmt_survivors_stream {
    const struct pmt_stream *stream;
    struct mark *marks;
    size_t count;
};

void pmt_survivors_release(struct pmt_survivors *survivors)
{
    for (size_t i = 0; i < survivors->stream_count; i++)
        free(survivors->streams[i].marks);
    free(survivors->streams);
    memset(survivors, 0, sizeof *survivors);
}

/* ---- marks ------------------------------------------------------------- */

static struct pmt_survivors_stream *
stream_of(struct pmt_survivors *survivors, const struct pmt_stream *stream)
{
    struct pmt_survivors_stream *more, *last;

    for (size_t i = 0; i < survivors->stream_count; i++)
        if (survivors->streams[i].stream == stream)
            return &survivors->streams[i];
    more = realloc(survivors->streams,
                   (survivors->stream_count + 1) * sizeof *more);
    if (!more)
        return NULL;
    survivors->streams = more;
    last = &more[survivors->stream_count];
    last->stream = stream;
    last->count = 0;
    last->marks = calloc(PMT_SURVIVORS_MARKS, sizeof *last->marks);
    if (!last->marks)
        return NULL;
    survivors->stream_count++;
    return last;
}

static void add_mark(struct pmt_survivors_stream *s, uint64_t time,
                     struct pmt_text text)
{
    struct mark *mark;
    size_t length = text.length;

    if (s->count == PMT_SURVIVORS_MARKS) {
        for (size_t i = 0; i < s->count / 2; i++)
            s->marks[i] = s->marks[2 * i];
        s->count /= 2;
    }
    mark = &s->marks[s->count++];
    mark->time = time;
    if (length >= sizeof mark->name)
        length = sizeof mark->name - 1;
    if (length > 0)
        memcpy(mark->name, text.bytes, length);
    mark->name[length] = '\0';
}

int pmt_survivors_take(struct pmt_survivors *survivors, struct pmt_reader *r,
                       const struct pmt_event *event)
{
    struct pmt_survivors_stream *s;
    const uint64_t *times;

    if (event->type == PMT_EVENT_STREAM && !event->goes_on) {
        s = stream_of(survivors, event->stream);
        if (s)
            s->count = 0;
        return s ? PMT_OK : PMT_ERR_MEMORY;
    }
    if (event->type != PMT_EVENT_RECORDS ||
        event->envelope.kind != PMT_KIND_MARK)
        return PMT_OK;
    s = stream_of(survivors, event->stream);
    if (!s)
        return PMT_ERR_MEMORY;
    times = pmt_reader_column(r, PMT_COL_TIME);
    for (uint32_t i = 0; times && i < event->envelope.count; i++)
        add_mark(s, times[i], pmt_reader_text(r, i));
    return PMT_OK;
}

/* ---- between two of them ----------------------------------------------- */

struct stretch {
    uint64_t from, to;    /* ticks; the last has no end */
    uint64_t count;       /* of blocks, as pmt_weight */
    uint64_t bytes;
    uint64_t vote;        /* which group most of the bytes are of */
    uint32_t group;
    uint64_t group_bytes;
};

struct stretches {
    struct stretch item[PMT_SURVIVORS_MARKS + 1];
    size_t count;
    struct pmt_grouping grouping;
};

static void divide(const struct pmt_survivors_stream *s, uint64_t now,
                   struct stretches *all)
{
    uint64_t from = 0;

    all->count = 0;
    for (size_t i = 0; i < s->count && s->marks[i].time <= now; i++) {
        all->item[all->count++] =
            (struct stretch){.from = from, .to = s->marks[i].time};
        from = s->marks[i].time;
    }
    for (size_t i = 1; s->count == 0 && i < STRETCHES; i++) {
        all->item[all->count++] =
            (struct stretch){.from = from, .to = now / STRETCHES * i};
        from = now / STRETCHES * i;
    }
    all->item[all->count++] = (struct stretch){.from = from, .to = now};
}

/* The stretch in which a tick is: at a mark the one behind it. */
static struct stretch *find(struct stretches *all, uint64_t time)
{
    size_t low = 0, high = all->count - 1;

    while (low < high) {
        size_t middle = (low + high + 1) / 2;

        if (all->item[middle].from <= time)
            low = middle;
        else
            high = middle - 1;
    }
    return &all->item[low];
}

/* First the blocks and who has most of them by votes, then how much that is. */
static int add_all(struct stretches *all, size_t place,
                   const struct pmt_survivors_report *report, bool again)
{
    const struct pmt_live_stream *stream = &report->live->streams[place];
    const struct pmt_live_set *set = &stream->sets[report->which];
    const struct pmt_block *block;
    uint32_t at = 0, group;

    while ((block = pmt_live_table_next(&set->table, &at)) != NULL) {
        struct stretch *stretch = find(all, block->time);
        struct pmt_weight weight =
            pmt_sampling_weigh(set->sample_bytes, block->size);

        if (!pmt_match_block(report->match, stream->stream, place, block))
            continue;
        group = pmt_grouping_of(&all->grouping, stream->stream, place, block);
        if (group == PMT_INTERN_NONE)
            return PMT_ERR_MEMORY;
        if (again) {
            if (group == stretch->group)
                stretch->group_bytes += weight.bytes;
            continue;
        }
        stretch->count += weight.blocks;
        stretch->bytes += weight.bytes;
        if (group == stretch->group) {
            stretch->vote += weight.bytes;
        } else if (weight.bytes <= stretch->vote) {
            stretch->vote -= weight.bytes;
        } else {
            stretch->vote = weight.bytes - stretch->vote;
            stretch->group = group;
        }
    }
    return PMT_OK;
}

static int make(struct pmt_survivors_stream *s, size_t place,
                const struct pmt_survivors_report *report,
                struct stretches *all)
{
    const struct pmt_live_stream *stream = &report->live->streams[place];
    int code;

    divide(s, pmt_live_sets_now_ns(report->live, stream,
                                   &stream->sets[report->which]) /
                  stream->tick_ns,
           all);
    code = add_all(all, place, report, false);
    return code ? code : add_all(all, place, report, true);
}

static void name_of(const struct pmt_survivors_stream *s, size_t i,
                    char *name, size_t size)
{
    if (s->count == 0)
        snprintf(name, size, "(%zu of %d)", i + 1, STRETCHES);
    else
        snprintf(name, size, "%s", i ? s->marks[i - 1].name : "(start)");
}

/* ---- text -------------------------------------------------------------- */

static void put(struct pmt_listing *list, const struct stretches *all,
                const struct stretch *stretch, const char *name,
                uint32_t tick_ns)
{
    char group[PMT_NAME_SIZE];

    pmt_listing_seconds(list, stretch->from * tick_ns);
    pmt_listing_seconds(list, stretch->to * tick_ns);
    pmt_listing_count(list, pmt_weight_blocks(stretch->count));
    pmt_listing_count(list, stretch->bytes);
    pmt_listing_size(list, stretch->bytes);
    pmt_listing_text(list, name);
    if (stretch->bytes == 0) {
        pmt_listing_text(list, NULL);
        return;
    }
    pmt_group_name(group, sizeof group, &all->grouping,
                   &all->grouping.groups[stretch->group]);
    pmt_listing_printf(list, "%.0f%% %s",
                       100.0 * (double)stretch->group_bytes /
                           (double)stretch->bytes,
                       group);
}

static void print_stream(const struct pmt_survivors_stream *s,
                         const struct stretches *all,
                         const struct pmt_survivors_report *report,
                         uint32_t tick_ns, FILE *file)
{
    const char *noun =
        report->which == PMT_LIVE_BLOCKS ? "blocks" : "objects";
    struct pmt_listing_column columns[] = {
        {.title = "made from", .right = true},
        {.title = "to", .right = true},
        {.title = noun, .right = true},
        {.title = "bytes", .right = true},
        {.title = "size", .right = true},
        {.title = "since mark"},
        {.title = "most of it", .shrinks = true},
    };
    char name[MARK_NAME_SIZE + 16];
    struct pmt_listing *list =
        pmt_listing_new(columns, sizeof columns / sizeof *columns);

    pmt_text_write(file, report->name, strlen(report->name));
    fprintf(file, ": %s that live, by when they were made%s\n\n", noun,
            s->count ? "" : " (the trace has no marks)");
    for (size_t i = 0; i < all->count; i++) {
        name_of(s, i, name, sizeof name);
        put(list, all, &all->item[i], name, tick_ns);
    }
    pmt_listing_print(list, file);
    pmt_listing_free(list);
}

/* ---- JSON -------------------------------------------------------------- */

static void json_stream(const struct pmt_survivors_stream *s,
                        const struct stretches *all,
                        const struct pmt_survivors_report *report,
                        uint32_t tick_ns, struct pmt_json *json)
{
    char text[PMT_NAME_SIZE], key[PMT_KEY_SIZE];

    for (size_t i = 0; i < all->count; i++) {
        const struct stretch *stretch = &all->item[i];

        pmt_json_line_begin(json);
        pmt_json_string(json, "row", "survivors");
        pmt_json_string(json, "trace", report->name);
        pmt_json_string(json, "kind",
                        report->which == PMT_LIVE_BLOCKS ? "alloc"
                                                         : "object");
        pmt_json_string(json, "stream",
                        pmt_name_key(key, pmt_stream_key(s->stream)));
        if (s->count > 0 && i > 0)
            pmt_json_bytes(json, "mark", s->marks[i - 1].name,
                           strlen(s->marks[i - 1].name));
        else
            pmt_json_null(json, "mark");
        pmt_json_u64(json, "from_ns", stretch->from * tick_ns);
        pmt_json_u64(json, "to_ns", stretch->to * tick_ns);
        pmt_json_u64(json, "count", pmt_weight_blocks(stretch->count));
        pmt_json_u64(json, "bytes", stretch->bytes);
        if (stretch->bytes > 0) {
            pmt_group_name(text, sizeof text, &all->grouping,
                           &all->grouping.groups[stretch->group]);
            pmt_json_bytes(json, "most", text, strlen(text));
            pmt_json_u64(json, "most_bytes", stretch->group_bytes);
        }
        pmt_json_line_end(json);
    }
}

/* ---- all streams ------------------------------------------------------- */

static int report_all(struct pmt_survivors *survivors,
                      const struct pmt_survivors_report *report, FILE *file,
                      struct pmt_json *json)
{
    struct stretches *all = calloc(1, sizeof *all);
    const struct pmt_live_sets *live = report->live;
    unsigned printed = 0;
    int code = all ? PMT_OK : PMT_ERR_MEMORY;

    if (all)
        all->grouping.by = report->by;
    for (size_t i = 0; code == PMT_OK && i < live->stream_count; i++) {
        struct pmt_survivors_stream *s =
            stream_of(survivors, live->streams[i].stream);

        if (!live->streams[i].seen[report->which])
            continue;
        code = s ? make(s, i, report, all) : PMT_ERR_MEMORY;
        if (code != PMT_OK)
            break;
        if (file && printed++ > 0)
            fputc('\n', file);
        if (file)
            print_stream(s, all, report, live->streams[i].tick_ns, file);
        else
            json_stream(s, all, report, live->streams[i].tick_ns, json);
    }
    if (all)
        pmt_grouping_release(&all->grouping);
    free(all);
    return code;
}

int pmt_survivors_text(struct pmt_survivors *survivors,
                       const struct pmt_survivors_report *report, FILE *file)
{
    return report_all(survivors, report, file, NULL);
}

int pmt_survivors_json(struct pmt_survivors *survivors,
                       const struct pmt_survivors_report *report,
                       struct pmt_json *json)
{
    return report_all(survivors, report, NULL, json);
}
