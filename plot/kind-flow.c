/*
 * kind-flow.c: the chart `flow`: the resident set over time, and in which
 * function it rose: a strip for each, darker for more.
 *
 * From records of calls, lines and objects that have RSS. What it rose by
 * since the record before, in the same stream, is of the function that the
 * thread of the record was in: the last that was entered and not left. Where
 * that is not known, as before the first entry, it is of the site of the
 * record; of an object, always.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "pass.h"

#define TOP 12
/* Functions with a strip of their own, until all is read; 20 KB each. */
#define STRIPS_MAX 1024
#define STRIP_BINS 512
#define STRIP_COLUMNS 240
/* Frames that are looked back for the one that is left. */
#define DEPTH 512

/* What a class of records says. */
struct flow_class {
    uint32_t code;        /* id, plus 1; 0: not looked up */
    uint32_t stack;
    signed char step;     /* 1: a frame is entered, -1: left, 0 neither */
};

struct flow_thread {
    uint32_t *frames;     /* classes of the entries; the last is the inner */
    uint32_t count;
};

struct flow_stream {
    struct flow_class *classes;
    uint32_t class_count;
    struct flow_thread *threads;
    uint32_t thread_count;
    uint64_t rss;         /* of the record before; 0: there was none */
};

struct strip {
    struct pmt_bins bins;
    double rose;          /* bytes */
    uint32_t group;
    bool there;
};

struct flow {
    struct pmt_pass pass;
    struct pmt_grouping grouping;
    struct flow_stream *streams; /* by index */
    size_t stream_count;
    struct strip *strips;        /* by group */
    size_t strip_capacity, strip_count;
    double others;               /* rose in functions without a strip */
    struct pmt_bins rss;
    bool any;
};

/* ---- streams ----------------------------------------------------------- */

static void release_stream(struct flow_stream *s)
{
    for (uint32_t i = 0; i < s->thread_count; i++)
        free(s->threads[i].frames);
    free(s->threads);
    free(s->classes);
    memset(s, 0, sizeof *s);
}

static void *grown(void *array, uint32_t *count, uint64_t wanted, size_t size)
{
    size_t more = wanted * 2 + 64;
    char *made = realloc(array, more * size);

    if (!made)
        return NULL;
    memset(made + *count * size, 0, (more - *count) * size);
    *count = (uint32_t)more;
    return made;
}

static struct flow_stream *stream_of(struct flow *flow,
                                     const struct pmt_stream *stream)
{
    size_t index = pmt_stream_index(stream);

    if (index >= flow->stream_count) {
        size_t count = index + 1;
        struct flow_stream *more =
            realloc(flow->streams, count * sizeof *more);

        if (!more)
            return NULL;
        memset(more + flow->stream_count, 0,
               (count - flow->stream_count) * sizeof *more);
        flow->streams = more;
        flow->stream_count = count;
    }
    return &flow->streams[index];
}

/* Is a frame entered or left? */
static signed char step_of(const struct pmt_class *class)
{
    if (class->kind == PMT_KIND_CALL)
        switch (class->what) {
        case PMT_CALL_CALL:
        case PMT_CALL_RESUME:
        case PMT_CALL_THROW:
            return 1;
        case PMT_CALL_RETURN:
        case PMT_CALL_YIELD:
        case PMT_CALL_UNWIND:
            return -1;
        default:
            return 0;
        }
    if (class->kind == PMT_KIND_LINE)
        return class->what == PMT_LINE_CALL     ? 1
               : class->what == PMT_LINE_RETURN ? -1
                                                : 0;
    return 0;
}

/* NULL: no memory. */
static const struct flow_class *class_of(struct flow_stream *s,
                                         const struct pmt_stream *stream,
                                         uint32_t id)
{
    struct flow_class *own;

    if (id >= s->class_count) {
        void *more = grown(s->classes, &s->class_count, id, sizeof *own);

        if (!more)
            return NULL;
        s->classes = more;
    }
    own = &s->classes[id];
    if (!own->code) {
        struct pmt_class class;
        struct pmt_site site = {0};

        if (pmt_stream_class(stream, id, &class)) {
            pmt_stream_site(stream, class.stack, &site);
            own->stack = class.stack;
            own->step = step_of(&class);
        }
        own->code = site.code + 1;
    }
    return own;
}

/* ---- frames ------------------------------------------------------------ */

static struct flow_thread *thread_of(struct flow_stream *s, uint64_t id)
{
    if (id >= s->thread_count) {
        void *more = id > PMT_ID_MAX ? NULL
                                     : grown(s->threads, &s->thread_count, id,
                                             sizeof *s->threads);

        if (!more)
            return NULL;
        s->threads = more;
    }
    if (!s->threads[id].frames)
        s->threads[id].frames = calloc(DEPTH, sizeof(uint32_t));
    return s->threads[id].frames ? &s->threads[id] : NULL;
}

static void enter(struct flow_thread *thread, uint32_t class)
{
    if (thread->count == DEPTH) /* the outermost are forgotten */
        memmove(thread->frames, thread->frames + DEPTH / 2,
                (thread->count = DEPTH / 2) * sizeof *thread->frames);
    thread->frames[thread->count++] = class;
}

/* Frames whose end was not seen are left with it. */
static void leave(const struct flow_stream *s, struct flow_thread *thread,
                  uint32_t code)
{
    for (uint32_t i = thread->count; i-- > 0;)
        if (s->classes[thread->frames[i]].code == code) {
            thread->count = i;
            return;
        }
}

/* ---- what rises -------------------------------------------------------- */

static struct strip *strip_of(struct flow *flow, uint32_t group)
{
    if (group >= flow->strip_capacity) {
        size_t capacity = group * (size_t)2 + 64;
        struct strip *more = realloc(flow->strips, capacity * sizeof *more);

        if (!more)
            return NULL;
        memset(more + flow->strip_capacity, 0,
               (capacity - flow->strip_capacity) * sizeof *more);
        flow->strips = more;
        flow->strip_capacity = capacity;
    }
    return &flow->strips[group];
}

static int rise(struct flow *flow, const struct pmt_stream *stream,
                uint32_t stack, uint64_t axis_ns, double bytes)
{
    struct pmt_block block = {.stack = stack};
    uint32_t group = pmt_grouping_of(&flow->grouping, stream,
                                     pmt_stream_index(stream), &block);
    struct strip *strip =
        group == PMT_INTERN_NONE ? NULL : strip_of(flow, group);

    if (!strip)
        return PMT_ERR_MEMORY;
    if (!strip->there) {
        if (flow->strip_count == STRIPS_MAX) {
            flow->others += bytes;
            return PMT_OK;
        }
        if (pmt_bins_init(&strip->bins, 1, STRIP_BINS))
            return PMT_ERR_MEMORY;
        strip->there = true;
        strip->group = group;
        flow->strip_count++;
    }
    strip->rose += bytes;
    pmt_bin_note(pmt_bins_at(&strip->bins, axis_ns), bytes);
    return PMT_OK;
}

/* One record. */
static int take_one(struct flow *flow, struct flow_stream *s,
                    const struct pmt_event *event, uint64_t ns, uint64_t id,
                    uint64_t thread_id, uint64_t rss)
{
    const struct flow_class *class =
        id > PMT_ID_MAX ? NULL : class_of(s, event->stream, (uint32_t)id);
    struct flow_thread *thread = thread_of(s, thread_id);
    uint64_t axis_ns = pmt_pass_offset(&flow->pass, event->stream) + ns;
    uint32_t stack;
    int code = PMT_OK;

    if (!class || !thread)
        return PMT_ERR_MEMORY;
    stack = thread->count > 0 && event->envelope.kind != PMT_KIND_OBJECT
                ? s->classes[thread->frames[thread->count - 1]].stack
                : class->stack;
    if (rss > 0) {
        if (s->rss > 0 && rss > s->rss)
            code = rise(flow, event->stream, stack, axis_ns,
                        (double)(rss - s->rss));
        pmt_bin_note(pmt_bins_at(&flow->rss, axis_ns), (double)rss);
        s->rss = rss;
        flow->any = true;
    }
    if (class->step > 0)
        enter(thread, (uint32_t)id);
    else if (class->step < 0)
        leave(s, thread, class->code);
    return code;
}

static int take(struct flow *flow, const struct pmt_event *event)
{
    struct pmt_reader *r = flow->pass.in.reader;
    const struct pmt_stream_header *header = pmt_stream_header(event->stream);
    const uint64_t *rss = pmt_reader_column(r, PMT_COL_RSS);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *classes = pmt_reader_column(r, PMT_COL_CLASS);
    const uint64_t *threads = pmt_reader_column(r, PMT_COL_THREAD);
    uint64_t until =
        pmt_instant_in_stream(&flow->pass.heading->until, event->stream);
    struct flow_stream *s = stream_of(flow, event->stream);
    int code = s ? PMT_OK : PMT_ERR_MEMORY;

    for (uint32_t i = 0; code == PMT_OK && times && classes && rss &&
                         i < event->envelope.count;
         i++)
        if (times[i] * header->tick_ns <= until)
            code = take_one(flow, s, event, times[i] * header->tick_ns,
                            classes[i], threads ? threads[i] : 0,
                            rss[i] * header->rss_unit);
    return code;
}

static void read_all(struct flow *flow)
{
    struct pmt_event event;

    while (pmt_pass_next(&flow->pass, &event)) {
        bool is_records = event.type == PMT_EVENT_RECORDS &&
                          (event.envelope.kind == PMT_KIND_CALL ||
                           event.envelope.kind == PMT_KIND_LINE ||
                           event.envelope.kind == PMT_KIND_OBJECT);
        size_t index = event.stream ? pmt_stream_index(event.stream) : 0;

        if (event.type == PMT_EVENT_STREAM && !event.goes_on &&
            index < flow->stream_count) {
            release_stream(&flow->streams[index]);
            pmt_grouping_forget(&flow->grouping, index);
        }
        if (is_records && take(flow, &event))
            pmt_pass_no_memory(&flow->pass);
    }
}

/* ---- the figure -------------------------------------------------------- */

static int compare_strips(const void *a, const void *b)
{
    const struct strip *x = a, *y = b;

    if (x->rose > y->rose || x->rose < y->rose)
        return x->rose > y->rose ? -1 : 1;
    return x->group < y->group ? -1 : x->group > y->group;
}

static void add_rss(struct flow *flow, struct pmt_plot_figure *figure)
{
    struct pmt_panel *panel =
        pmt_pass_panel(&flow->pass, figure, &flow->rss, PMT_PANEL_LINES,
                       "resident set", PMT_UNIT_BYTES);
    struct pmt_curve *curve =
        panel ? pmt_panel_curve(figure, panel, "resident set",
                                PMT_FIGURE_DARK, true)
              : NULL;

    if (!curve)
        return;
    curve->unnamed = true;
    if (pmt_bins_levels(&flow->rss, 0, panel->x_to, panel, curve))
        figure->failed = true;
}

static void add_strip(struct flow *flow, const struct strip *strip,
                      struct pmt_plot_figure *figure, struct pmt_panel *panel)
{
    char name[PMT_NAME_SIZE], text[PMT_UNIT_TEXT], *line;
    struct pmt_curve *curve;

    pmt_figure_spell(name, sizeof name,
                     pmt_group_name(name, sizeof name, &flow->grouping,
                                    &flow->grouping.groups[strip->group]));
    line = pmt_figure_text(figure, "%s  %s",
                           pmt_unit_text(text, PMT_UNIT_BYTES, strip->rose),
                           name);
    curve = line ? pmt_panel_curve(figure, panel, line, 0, false) : NULL;
    free(line);
    if (curve)
        pmt_bins_amounts(&strip->bins, 0, PMT_BINS_SUM, false, panel, curve);
}

static void fill(void *context, struct pmt_plot_figure *figure)
{
    struct flow *flow = context;
    const struct pmt_plot_request *request = flow->pass.request;
    size_t top = request->top_given ? request->top : TOP, count = 0;
    double to = (double)flow->pass.heading->span_ns + 1, rest = flow->others;
    struct pmt_panel *panel;
    char text[PMT_UNIT_TEXT], wide[PMT_UNIT_TEXT];

    for (size_t i = 0; i < flow->strip_capacity; i++)
        if (flow->strips[i].there)
            flow->strips[count++] = flow->strips[i];
    flow->strip_capacity = count;
    if (count > 0)
        qsort(flow->strips, count, sizeof *flow->strips, compare_strips);
    add_rss(flow, figure);
    panel = count == 0 ? NULL
                       : pmt_figure_panel(figure, PMT_PANEL_HEAT, NULL,
                                          PMT_UNIT_BYTES, STRIP_COLUMNS, 0, to,
                                          true);
    if (panel)
        panel->title = pmt_figure_text(figure, "where it rose, by %s",
                                       pmt_group_by_names[flow->grouping.by]);
    for (size_t i = 0; panel && i < count; i++) {
        if (i < top)
            add_strip(flow, &flow->strips[i], figure, panel);
        else
            rest += flow->strips[i].rose;
    }
    if (panel) {
        panel->weight = 2;
        panel->remark = pmt_figure_text(
            figure, "the darker the more; darkest: %s in %s",
            pmt_unit_text(text, PMT_UNIT_BYTES, pmt_panel_most(panel, NULL)),
            pmt_unit_text(wide, PMT_UNIT_NS, to / STRIP_COLUMNS));
    }
    pmt_heading_apply(flow->pass.heading, "the resident set, and where it "
                                          "rose",
                      figure);
    if (rest > 0)
        pmt_figure_note(figure, "%s more rose in other functions",
                        pmt_unit_text(text, PMT_UNIT_BYTES, rest));
}

static void release(struct flow *flow)
{
    for (size_t i = 0; i < flow->stream_count; i++)
        release_stream(&flow->streams[i]);
    for (size_t i = 0; i < flow->strip_capacity; i++)
        pmt_bins_release(&flow->strips[i].bins);
    free(flow->streams);
    free(flow->strips);
    pmt_bins_release(&flow->rss);
    pmt_grouping_release(&flow->grouping);
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    uint64_t kinds = UINT64_C(1) << PMT_KIND_CALL |
                     UINT64_C(1) << PMT_KIND_LINE |
                     UINT64_C(1) << PMT_KIND_OBJECT;
    struct flow flow;
    int status;

    memset(&flow, 0, sizeof flow);
    flow.grouping.by = request->by_given ? request->by : PMT_BY_FUNCTION;
    if (pmt_pass_open(&flow.pass, request, 0,
                      pmt_live_sets_skip_kinds(PMT_LIVE_OBJECT) & ~kinds))
        return PMT_EXIT_TROUBLE;
    if (pmt_bins_init(&flow.rss, 1, PMT_BINS))
        pmt_pass_no_memory(&flow.pass);
    read_all(&flow);
    status = pmt_pass_end(
        &flow.pass, flow.any ? NULL : "RSS in call, line or object records",
        fill, &flow, figure);
    release(&flow);
    return status;
}

const struct pmt_plot_kind pmt_plot_flow = {
    .name = "flow",
    .summary = "the resident set, and in which function it rose",
    .operands_min = 1,
    .operands_max = 1,
    .make = make,
};
