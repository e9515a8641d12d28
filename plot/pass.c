/* pass.c: see pass.h. */
#include "pass.h"

#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"

int pmt_pass_open(struct pmt_pass *pass,
                  const struct pmt_plot_request *request, size_t number,
                  uint64_t skip_kinds)
{
    struct pmt_reader_options reading = {.skip_kinds = skip_kinds};

    memset(pass, 0, sizeof *pass);
    pass->request = request;
    pass->heading = &request->traces[number];
    return pmt_heading_open(pass->heading, &pass->in, request->common,
                            &reading);
}

bool pmt_pass_next(struct pmt_pass *pass, struct pmt_event *event)
{
    if (pass->code == PMT_OK)
        pass->code = pmt_trace_next(&pass->in, event, &pass->err);
    return pass->code == PMT_OK;
}

int pmt_pass_no_memory(struct pmt_pass *pass)
{
    pass->code = pmt_error_set(&pass->err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                               "out of memory");
    return pass->code;
}

uint64_t pmt_pass_offset(const struct pmt_pass *pass,
                         const struct pmt_stream *stream)
{
    int64_t start = pmt_stream_header(stream)->start_real_ns;

    if (start < pass->heading->origin_real_ns)
        return 0;
    return (uint64_t)start - (uint64_t)pass->heading->origin_real_ns;
}

struct pmt_panel *pmt_pass_panel(const struct pmt_pass *pass,
                                 struct pmt_plot_figure *figure,
                                 const struct pmt_bins *bins,
                                 enum pmt_panel_type type, const char *label,
                                 enum pmt_unit unit)
{
    double to = (double)pass->heading->span_ns + 1;
    size_t most = pass->request->columns / 3;

    return pmt_figure_panel(figure, type, label, unit,
                            pmt_bins_columns(bins, to, most ? most : 1), 0,
                            to, true);
}

/* ---- sets -------------------------------------------------------------- */

enum pmt_live_which pmt_pass_which(const struct pmt_plot_request *request,
                                   size_t number)
{
    uint64_t kinds = request->traces[number].kinds;

    if (request->records != PMT_PLOT_ANY)
        return request->records == PMT_PLOT_OBJECT ? PMT_LIVE_OBJECTS
                                                   : PMT_LIVE_BLOCKS;
    if (request->by_given &&
        (request->by == PMT_BY_TYPE || request->by == PMT_BY_DOMAIN))
        return request->by == PMT_BY_TYPE ? PMT_LIVE_OBJECTS
                                          : PMT_LIVE_BLOCKS;
    return !(kinds & UINT64_C(1) << PMT_KIND_ALLOC) &&
                   kinds & UINT64_C(1) << PMT_KIND_OBJECT
               ? PMT_LIVE_OBJECTS
               : PMT_LIVE_BLOCKS;
}

const char *pmt_pass_records(enum pmt_live_which which)
{
    return which == PMT_LIVE_OBJECTS ? "object records" : "alloc records";
}

static bool has(const struct pmt_live_sets *live, enum pmt_live_which which)
{
    for (size_t i = 0; i < live->stream_count; i++)
        if (live->streams[i].seen[which])
            return true;
    return false;
}

const char *pmt_pass_missing(const struct pmt_live_sets *live,
                             enum pmt_live_which which)
{
    return has(live, which) ? NULL : pmt_pass_records(which);
}

/* ---- live sets --------------------------------------------------------- */

struct observed {
    struct pmt_pass *pass;
    enum pmt_live_which which;
    pmt_live_observe *observe;
    void *context;
    struct pmt_pass_stream **streams; /* by place */
    size_t stream_count;
    bool no_memory;
};

static void begin(void *context, struct pmt_live_stream *stream, size_t place)
{
    struct observed *observed = context;
    struct pmt_pass_stream **more, *own;

    if (place >= observed->stream_count) {
        more = realloc(observed->streams, (place + 1) * sizeof *more);
        own = more ? calloc(1, sizeof *own) : NULL;
        if (more)
            observed->streams = more;
        if (!own) {
            observed->no_memory = true;
            return;
        }
        observed->streams[observed->stream_count++] = own;
    }
    own = observed->streams[place];
    *own = (struct pmt_pass_stream){
        .context = observed->context,
        .offset_ns = pmt_pass_offset(observed->pass, stream->stream),
        .tick_ns = stream->tick_ns,
    };
    stream->sets[observed->which].observe = observed->observe;
    stream->sets[observed->which].observe_context = own;
}

void pmt_pass_until(const struct pmt_pass *pass, struct pmt_live_sets *live)
{
    live->until = pass->heading->until;
    live->exits = pmt_heading_exits(pass->heading);
}

void pmt_pass_live(struct pmt_pass *pass, struct pmt_live_sets *live,
                   enum pmt_live_which which, pmt_live_observe *observe,
                   void *context)
{
    struct observed observed = {
        .pass = pass, .which = which, .observe = observe, .context = context};
    struct pmt_event event;

    live->until = pass->heading->until;
    live->begin = begin;
    live->begin_context = &observed;
    while (pmt_pass_next(pass, &event)) {
        pass->code = pmt_live_sets_take(live, pass->in.reader, &event,
                                        &pass->err);
        if (observed.no_memory)
            pmt_pass_no_memory(pass);
    }
    pmt_live_sets_finish(live);
    for (size_t i = 0; i < observed.stream_count; i++)
        free(observed.streams[i]);
    free(observed.streams);
}

/* ---- the end ----------------------------------------------------------- */

static int nothing(struct pmt_pass *pass, const char *missing)
{
    if (pass->in.health.refused == 0)
        pmt_fail("%s: no %s%s", pass->in.name, missing,
                 pass->heading->until.is_end ? "" : " up to that moment");
    return pmt_pass_close(pass, PMT_EXIT_NO);
}

int pmt_pass_failed(struct pmt_pass *pass)
{
    return pmt_trace_failed(&pass->in, &pass->err);
}

int pmt_pass_end(struct pmt_pass *pass, const char *missing,
                 void (*fill)(void *context, struct pmt_plot_figure *figure),
                 void *context, struct pmt_plot_figure *figure)
{
    if (pass->code != PMT_END)
        return pmt_pass_failed(pass);
    *pass->heading->health = pass->in.health;
    if (missing)
        return nothing(pass, missing);
    fill(context, figure);
    return pmt_pass_close(pass, PMT_EXIT_OK);
}

int pmt_pass_close(struct pmt_pass *pass, int status)
{
    return pmt_trace_close(&pass->in, status, pass->request->strict);
}
