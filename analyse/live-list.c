/* live-list.c: see live-list.h. */
#include "live-list.h"

#include <stdlib.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "names.h"

/* ---- the first of many ------------------------------------------------- */

void pmt_list_init(struct pmt_listing_top *top, enum pmt_list_sort sort,
                   size_t most)
{
    memset(top, 0, sizeof *top);
    top->sort = sort;
    top->most = most;
}

void pmt_list_release(struct pmt_listing_top *top)
{
    free(top->items);
    memset(top, 0, sizeof *top);
}

static uint64_t born_ns(const struct pmt_listed *item)
{
    return item->block.time * item->tick_ns;
}

/* Of a pair its life, of what lives when it was born, oldest first. */
static uint64_t age_of(const struct pmt_listed *item)
{
    uint64_t born = born_ns(item);

    return item->gone_ns > born ? item->gone_ns - born : 0;
}

/* < 0: a comes before b. */
static int compare(enum pmt_list_sort sort, const struct pmt_listed *a,
                   const struct pmt_listed *b)
{
    uint64_t x[2] = {a->block.size, age_of(a)};
    uint64_t y[2] = {b->block.size, age_of(b)};
    int first = sort == PMT_LIST_AGE;

    for (int i = 0; i < 2; i++)
        if (x[i ^ first] != y[i ^ first])
            return x[i ^ first] > y[i ^ first] ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool later(const struct pmt_listing_top *top, size_t a, size_t b)
{
    return compare(top->sort, &top->items[a], &top->items[b]) > 0;
}

static void swap(struct pmt_listing_top *top, size_t a, size_t b)
{
    struct pmt_listed item = top->items[a];

    top->items[a] = top->items[b];
    top->items[b] = item;
}

static void sink(struct pmt_listing_top *top, size_t i)
{
    for (;;) {
        size_t last = i, left = 2 * i + 1, right = left + 1;

        if (left < top->count && later(top, left, last))
            last = left;
        if (right < top->count && later(top, right, last))
            last = right;
        if (last == i)
            return;
        swap(top, i, last);
        i = last;
    }
}

void pmt_list_offer(struct pmt_listing_top *top,
                    const struct pmt_listed *item)
{
    struct pmt_listed one = *item;
    size_t i;

    one.order = top->seen++;
    top->bytes += item->block.size;
    if (top->count == top->most) {
        if (compare(top->sort, &one, &top->items[0]) < 0) {
            top->items[0] = one;
            sink(top, 0);
        }
        return;
    }
    if ((top->count & (top->count + 1)) == 0) {
        void *more = realloc(top->items, (2 * top->count + 2) *
                                             sizeof *top->items);

        if (!more) {
            top->failed = true;
            return;
        }
        top->items = more;
    }
    i = top->count++;
    top->items[i] = one;
    for (; i > 0 && later(top, i, (i - 1) / 2); i = (i - 1) / 2)
        swap(top, i, (i - 1) / 2);
}

/* The heap becomes the list: the last goes behind all others. */
static void sort(struct pmt_listing_top *top)
{
    size_t count = top->count;

    while (top->count > 1) {
        swap(top, 0, --top->count);
        sink(top, 0);
    }
    top->count = count;
}

/* ---- what goes --------------------------------------------------------- */

struct pmt_list_stream {
    struct pmt_list *list;
    const struct pmt_stream *stream;
    size_t place;
    uint32_t tick_ns;
};

static void observe(void *context, const struct pmt_live_set *set,
                    const struct pmt_block *block, int sign)
{
    struct pmt_list_stream *s = context;
    struct pmt_listed item = {.stream = s->stream, .block = *block,
                              .gone_ns = set->now.time * s->tick_ns,
                              .tick_ns = s->tick_ns,
                              .resized = set->why == PMT_LIVE_RESIZED};

    if (sign > 0 || set->why == PMT_LIVE_RELOADED ||
        !pmt_match_block(s->list->match, s->stream, s->place, block))
        return;
    pmt_list_offer(&s->list->top, &item);
}

static void begin_one(struct pmt_list *list, struct pmt_live_stream *stream,
                      size_t index)
{
    struct pmt_list_stream *s = calloc(1, sizeof *s);
    struct pmt_list_stream **more =
        realloc(list->streams, (list->stream_count + 1) * sizeof *more);

    if (more)
        list->streams = more;
    if (!s || !more) {
        free(s);
        list->top.failed = true;
        return;
    }
    list->streams[list->stream_count++] = s;
    pmt_match_forget(list->match, index);
    s->list = list;
    s->stream = stream->stream;
    s->place = index;
    s->tick_ns = stream->tick_ns;
    stream->sets[list->which].observe = observe;
    stream->sets[list->which].observe_context = s;
}

static void begin(void *context, struct pmt_live_stream *stream, size_t index)
{
    for (struct pmt_list *list = context; list; list = list->next)
        begin_one(list, stream, index);
}

void pmt_list_attach(struct pmt_list *lists, size_t count,
                     struct pmt_live_sets *live)
{
    for (size_t i = 0; i < count; i++)
        lists[i].next = i + 1 < count ? &lists[i + 1] : NULL;
    live->begin = begin;
    live->begin_context = lists;
}

void pmt_list_free(struct pmt_list *list)
{
    for (size_t i = 0; i < list->stream_count; i++)
        free(list->streams[i]);
    free(list->streams);
    pmt_list_release(&list->top);
    memset(list, 0, sizeof *list);
}

/* ---- what lives -------------------------------------------------------- */

void pmt_list_add_live(struct pmt_list *list, const struct pmt_live_sets *live)
{
    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        const struct pmt_live_set *set = &stream->sets[list->which];
        const struct pmt_block *block;
        uint32_t at = 0;

        while ((block = pmt_live_table_next(&set->table, &at)) != NULL) {
            struct pmt_listed item = {
                .stream = stream->stream,
                .block = *block,
                .gone_ns = pmt_live_sets_now_ns(live, stream, set),
                .tick_ns = stream->tick_ns,
            };

            if (pmt_match_block(list->match, stream->stream, i, block))
                pmt_list_offer(&list->top, &item);
        }
    }
}

/* ---- text -------------------------------------------------------------- */

static void put_item(struct pmt_listing *list, const struct pmt_listed *item,
                     enum pmt_live_which which, bool pairs)
{
    char name[PMT_NAME_SIZE];

    pmt_listing_printf(list, "0x%llx",
                       (unsigned long long)item->block.address);
    pmt_listing_count(list, item->block.size);
    pmt_listing_seconds(list, age_of(item));
    pmt_listing_seconds(list, born_ns(item));
    if (pairs) {
        pmt_listing_seconds(list, item->gone_ns);
        pmt_listing_text(list, item->resized ? "resized" : NULL);
    }
    if (which == PMT_LIVE_OBJECTS)
        pmt_name_type(name, sizeof name, item->stream, item->block.type);
    else if (pmt_domain_name(item->block.domain))
        snprintf(name, sizeof name, "%s", pmt_domain_name(item->block.domain));
    else
        snprintf(name, sizeof name, "%u", item->block.domain);
    pmt_listing_text(list, name);
    pmt_name_thread(name, sizeof name, item->stream, item->block.thread);
    pmt_listing_text(list, name);
    pmt_name_site(name, sizeof name, item->stream, item->block.stack);
    pmt_listing_text(list, name);
}

static void print_head(const struct pmt_list *list, const char *name,
                       bool pairs, FILE *file)
{
    const char *noun = list->which == PMT_LIVE_BLOCKS ? "blocks" : "objects";
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];

    pmt_text_write(file, name, strlen(name));
    fprintf(file, ": %s %s of %s %s; the %s %s\n\n",
            pmt_text_count(a, list->top.seen), noun,
            pmt_text_size(b, list->top.bytes),
            pairs ? "came and went" : "live",
            pmt_text_count(c, list->top.count),
            list->top.sort == PMT_LIST_BYTES ? "largest"
            : pairs                          ? "that lived longest"
                                             : "oldest");
}

void pmt_list_text(struct pmt_list *list, const char *name, bool pairs,
                   FILE *file)
{
    struct pmt_listing_column columns[] = {
        {.title = "address"},
        {.title = "bytes", .right = true},
        {.title = pairs ? "life" : "age", .right = true},
        {.title = "made at", .right = true},
        {.title = "gone at", .right = true},
        {.title = "how"},
        {.title = list->which == PMT_LIVE_OBJECTS ? "type" : "domain"},
        {.title = "thread"},
        {.title = "site", .shrinks = true},
    };
    size_t count = sizeof columns / sizeof *columns;
    struct pmt_listing *out;

    sort(&list->top);
    if (!pairs) {
        memmove(&columns[4], &columns[6], 3 * sizeof *columns);
        count -= 2;
    }
    print_head(list, name, pairs, file);
    out = pmt_listing_new(columns, count);
    for (size_t i = 0; i < list->top.count; i++)
        put_item(out, &list->top.items[i], list->which, pairs);
    pmt_listing_print(out, file);
    pmt_listing_free(out);
}

/* ---- JSON -------------------------------------------------------------- */

static void json_item(struct pmt_json *json, const struct pmt_listed *item,
                      enum pmt_live_which which, bool pairs)
{
    char name[PMT_NAME_SIZE], key[PMT_KEY_SIZE];

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", pairs ? "pair" : "block");
    pmt_json_string(json, "stream",
                    pmt_name_key(key, pmt_stream_key(item->stream)));
    pmt_json_hex(json, "address", item->block.address);
    pmt_json_u64(json, "size", item->block.size);
    pmt_json_u64(json, "time_ns", born_ns(item));
    pmt_json_u64(json, "age_ns", age_of(item));
    if (pairs) {
        pmt_json_u64(json, "gone_ns", item->gone_ns);
        pmt_json_bool(json, "resized", item->resized);
    }
    if (which == PMT_LIVE_OBJECTS) {
        pmt_name_type(name, sizeof name, item->stream, item->block.type);
        pmt_json_bytes(json, "type", name, strlen(name));
    } else if (pmt_domain_name(item->block.domain)) {
        pmt_json_string(json, "domain", pmt_domain_name(item->block.domain));
    } else {
        pmt_json_u64(json, "domain", item->block.domain);
    }
    pmt_name_thread(name, sizeof name, item->stream, item->block.thread);
    pmt_json_bytes(json, "thread", name, strlen(name));
    pmt_name_site(name, sizeof name, item->stream, item->block.stack);
    pmt_json_bytes(json, "site", name, strlen(name));
    pmt_json_line_end(json);
}

void pmt_list_json(struct pmt_list *list, const char *name, bool pairs,
                   struct pmt_json *json)
{
    sort(&list->top);
    pmt_json_line_begin(json);
    pmt_json_string(json, "row", pairs ? "pairs" : "list");
    pmt_json_string(json, "trace", name);
    pmt_json_string(json, "kind",
                    list->which == PMT_LIVE_BLOCKS ? "alloc" : "object");
    pmt_json_u64(json, "count", list->top.seen);
    pmt_json_u64(json, "bytes", list->top.bytes);
    pmt_json_line_end(json);
    for (size_t i = 0; i < list->top.count; i++)
        json_item(json, &list->top.items[i], list->which, pairs);
}
