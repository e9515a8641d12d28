/* high-water.c: see high-water.h. */
#include "high-water.h"

#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"

/* Stretches at a time. */
#define STRETCHES 65536

/* Of time, in ns since the first stream began: first <= t < first + length. */
struct stretch {
    uint64_t first, length;
    uint64_t at_end; /* sum of what is live there */
    uint64_t most;   /* sum of the most of each stream */
};

struct water_stream {
    struct search *search;
    size_t index;       /* in live.streams */
    uint64_t base_ns;   /* when it began */
    uint64_t now;       /* live, behind the last record */
    uint64_t time_ns;   /* of the last record */
    size_t at;          /* stretch that is being filled */
    uint64_t most;      /* in it, so far */
    uint64_t peak;      /* of the stream by itself, and since when */
    uint64_t peak_ns;
    uint32_t tick_ns;
    uint64_t sample_bytes;
};

struct search {
    const struct pmt_trace *in;
    const struct pmt_common *common;
    enum pmt_live_which which;
    struct stretch *stretches;
    size_t count;
    size_t with_records; /* streams */
    uint64_t peak_ns;    /* of the last of these */

    /* Of a pass. */
    struct pmt_live_sets live;
    struct water_stream **streams; /* by index */
    size_t stream_count;
    bool no_memory;

    /* The stream that began first, and the end of all, on its clock. */
    bool has_first;
    struct pmt_stream_header first;
    uint64_t first_key;
    uint64_t end_ns;
};

/* ---- filling stretches -------------------------------------------------- */

/* All time before `ns` has been as it is: the stretches that end there get what
 * the stream had. */
static void pass_time(struct water_stream *s, uint64_t ns)
{
    struct search *search = s->search;

    while (s->at < search->count) {
        struct stretch *stretch = &search->stretches[s->at];

        if (ns <= stretch->first)
            return;
        if (s->now > s->most)
            s->most = s->now;
        if (ns - stretch->first < stretch->length)
            return;
        stretch->at_end += s->now;
        stretch->most += s->most;
        s->at++;
        s->most = 0;
    }
}

/* What was behind the records of the last tick lasted until `ns`. */
static void settle(struct water_stream *s, uint64_t ns)
{
    if (s->now > s->peak) {
        s->peak = s->now;
        s->peak_ns = s->time_ns;
    }
    pass_time(s, ns);
    s->time_ns = ns;
}

static void watch(void *context, const struct pmt_block *block, int sign,
                  uint64_t time)
{
    struct water_stream *s = context;
    uint64_t ns = s->base_ns + time * s->tick_ns, amount = 1;

    if (ns > s->time_ns)
        settle(s, ns);
    if (s->search->which == PMT_LIVE_BLOCKS)
        amount = pmt_sampling_weigh(s->sample_bytes, block->size).bytes;
    if (sign > 0)
        s->now += amount;
    else
        s->now -= s->now < amount ? s->now : amount;
}

static void begin(void *context, struct pmt_live_stream *live, size_t index)
{
    struct search *search = context;
    struct pmt_live_set *set = &live->sets[search->which];
    struct water_stream *s;

    if (index >= search->stream_count) {
        size_t count = index * 2 + 4;
        void *more = realloc(search->streams,
                             count * sizeof *search->streams);

        if (!more) {
            search->no_memory = true;
            return;
        }
        search->streams = more;
        memset(search->streams + search->stream_count, 0,
               (count - search->stream_count) * sizeof *search->streams);
        search->stream_count = count;
    }
    /* One that starts again would be there twice: the first time counts. */
    if (search->streams[index])
        return;
    s = search->streams[index] = calloc(1, sizeof *s);
    if (!s) {
        search->no_memory = true;
        return;
    }
    s->search = search;
    s->index = index;
    s->base_ns = (uint64_t)pmt_stream_between(&search->first,
                                   pmt_stream_header(live->stream));
    s->tick_ns = live->tick_ns;
    s->sample_bytes = set->sample_bytes;
    set->watch = watch;
    set->watch_context = s;
}

/* ---- passes ------------------------------------------------------------- */

/* Opens the file again for a pass. */
static int open_again(struct search *search, struct pmt_trace *in,
                      uint64_t skip_kinds)
{
    struct pmt_reader_options reading = {.skip_kinds = skip_kinds};

    return pmt_trace_open(in, search->in->path, search->common, &reading);
}

/* The first pass, over labels: the stream that began first, and the end. */
static int find_span(struct search *search)
{
    struct pmt_event event;
    struct pmt_trace in;
    struct pmt_error err;
    int code;

    if (open_again(search, &in, ~(UINT64_C(1) << PMT_KIND_STREAM)))
        return PMT_EXIT_TROUBLE;
    while ((code = pmt_trace_next(&in, &event, &err)) == PMT_OK) {
        const struct pmt_stream_header *header;
        int64_t since;
        uint64_t end;

        if (!event.stream)
            continue;
        header = pmt_stream_header(event.stream);
        since = search->has_first ? pmt_stream_between(&search->first, header) : 0;
        if (!search->has_first || since < 0) {
            search->end_ns += (uint64_t)-since;
            search->first = *header;
            search->first_key = pmt_stream_key(event.stream);
            search->has_first = true;
            since = 0;
        }
        end = (uint64_t)since + event.envelope.t1 * header->tick_ns;
        if (end > search->end_ns)
            search->end_ns = end;
    }
    if (code != PMT_END)
        return pmt_trace_failed(&in, &err);
    pmt_trace_release(&in);
    return PMT_EXIT_OK;
}

/* Each stream is there up to its last chunk. */
static void finish_streams(struct search *search)
{
    for (size_t i = 0; i < search->live.stream_count; i++) {
        struct water_stream *s = search->streams[i];

        if (s && search->live.streams[i].seen[search->which]) {
            settle(s, s->base_ns + search->live.streams[i].end_ns + 1);
            search->with_records++;
            search->peak_ns = s->peak_ns;
        }
        /* In the stretch in which it ends it may have had its most. */
        if (s && s->at < search->count)
            search->stretches[s->at].most += s->most;
    }
}

/* One pass: the sums of all stretches. */
static int measure(struct search *search)
{
    struct pmt_trace in;
    struct pmt_error err;
    int code;

    if (open_again(search, &in,
                   pmt_live_sets_skip_kinds(1u << search->which)))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&search->live, 1u << search->which);
    search->live.begin = begin;
    search->live.begin_context = search;
    search->with_records = 0;
    code = pmt_live_sets_read(&search->live, &in, &err);
    if (code == PMT_OK && search->no_memory)
        code = pmt_error_set(&err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    if (code == PMT_OK)
        finish_streams(search);
    for (size_t i = 0; i < search->stream_count; i++)
        free(search->streams[i]);
    free(search->streams);
    search->streams = NULL;
    search->stream_count = 0;
    pmt_live_sets_release(&search->live);
    if (code != PMT_OK)
        return pmt_trace_failed(&in, &err);
    pmt_trace_release(&in);
    return PMT_EXIT_OK;
}

/* ---- cutting ------------------------------------------------------------ */

/* Cuts each stretch into as many as there is room for. */
static void cut(struct search *search)
{
    size_t pieces = STRETCHES / search->count, count = 0;
    struct stretch *whole = malloc(search->count * sizeof *whole);

    if (!whole) {
        search->no_memory = true;
        return;
    }
    memcpy(whole, search->stretches, search->count * sizeof *whole);
    for (size_t i = 0; i < search->count; i++) {
        uint64_t size = whole[i].length / pieces +
                        (whole[i].length % pieces != 0);
        uint64_t done = 0;

        for (; done < whole[i].length; done += size)
            search->stretches[count++] = (struct stretch){
                .first = whole[i].first + done,
                .length = whole[i].length - done < size
                              ? whole[i].length - done
                              : size,
            };
    }
    search->count = count;
    free(whole);
}

/* Leaves the stretches that can hold the most: the first of those at whose
 * end it is, and those that may hold more, or as much before it. True: it is
 * found, and is the end of the first. */
static bool choose(struct search *search)
{
    uint64_t best = 0;
    size_t at = 0, count = 0;

    for (size_t i = 0; i < search->count; i++)
        if (search->stretches[i].at_end > best) {
            best = search->stretches[i].at_end;
            at = i;
        }
    for (size_t i = 0; i < search->count; i++) {
        const struct stretch *s = &search->stretches[i];
        bool may = i <= at ? s->most >= best : s->most > best;

        if (may && (count < STRETCHES / 4 || i == at))
            search->stretches[count++] = *s;
    }
    if (count == 0) /* nothing was live */
        search->stretches[count++] = search->stretches[at];
    search->count = count;
    for (size_t i = 0; i < count; i++)
        if (search->stretches[i].length > 1)
            return false;
    /* All are instants: the first with the best sum. */
    for (size_t i = 0; i < count; i++)
        if (search->stretches[i].at_end == best) {
            search->stretches[0] = search->stretches[i];
            break;
        }
    return true;
}

static int search_for(struct search *search, struct pmt_instant *instant)
{
    int status = find_span(search);
    uint64_t ns;

    if (status != PMT_EXIT_OK || !search->has_first)
        return status;
    search->stretches[0] = (struct stretch){
        .first = 0, .length = search->end_ns + 1};
    search->count = 1;
    do {
        cut(search);
        if (search->no_memory)
            return pmt_fail("out of memory");
        status = measure(search);
        if (status != PMT_EXIT_OK)
            return status;
    } while (search->with_records != 1 && !choose(search));
    ns = search->with_records == 1 ? search->peak_ns
                                   : search->stretches[0].first;
    *instant = (struct pmt_instant){
        .ns = ns,
        .has_stream = true,
        .stream_key = search->first_key,
        .real_ns = search->first.start_real_ns + (int64_t)ns,
        .has_boot = search->first.has_boot,
        .mono_ns = search->first.start_mono_ns + ns,
    };
    memcpy(instant->boot, search->first.boot, sizeof instant->boot);
    return PMT_EXIT_OK;
}

int pmt_high_water_find(const struct pmt_trace *in,
                        const struct pmt_common *common,
                        enum pmt_live_which which,
                        struct pmt_instant *instant)
{
    struct search search = {.in = in, .common = common, .which = which};
    int status;

    *instant = (struct pmt_instant){.is_end = true, .ns = UINT64_MAX};
    if (!pmt_trace_reopens(in->path))
        return pmt_fail("%s: the high water can't be found in a pipe: it "
                        "takes several passes", in->name);
    search.stretches = malloc(STRETCHES * sizeof *search.stretches);
    if (!search.stretches)
        return pmt_fail("out of memory");
    status = search_for(&search, instant);
    free(search.stretches);
    return status;
}
