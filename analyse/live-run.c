/* live-run.c: what `pmt live` does with one trace; see live-options.h. */
#include "live-options.h"

#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "growth-report.h"
#include "live-exit.h"
#include "live-list.h"
#include "live-report.h"
#include "live.h"
#include "seek.h"
#include "survivors.h"

int pmt_live_views(const struct pmt_live_options *opt)
{
    return opt->growth + opt->list + opt->pairs + opt->survivors;
}

unsigned pmt_live_wanted(const struct pmt_live_options *opt)
{
    unsigned sets = PMT_LIVE_ALLOC | PMT_LIVE_OBJECT;

    if (opt->kind == PMT_LIVE_ONLY_BLOCKS)
        sets = PMT_LIVE_ALLOC;
    if (opt->kind == PMT_LIVE_ONLY_OBJECTS)
        sets = PMT_LIVE_OBJECT;
    if (opt->by == PMT_BY_TYPE || opt->type)
        sets &= PMT_LIVE_OBJECT;
    if (opt->by == PMT_BY_DOMAIN)
        sets &= PMT_LIVE_ALLOC;
    return sets;
}

static int no_memory(struct pmt_trace *in)
{
    struct pmt_error err;

    pmt_error_set(&err, PMT_ERR_MEMORY, PMT_NO_OFFSET, "out of memory");
    return pmt_trace_failed(in, &err);
}

/* ---- the moment -------------------------------------------------------- */

/* What the first of two passes found: steps count from where it began. */
struct peaks {
    uint64_t (*steps)[PMT_LIVE_KINDS]; /* NULL: there was no such pass */
    uint64_t begun_ns;                 /* pmt_live_sets_begun_ns */
};

/* The first of two passes: the steps at which each set is largest. */
static int find_peak(const struct pmt_live_options *opt, const char *path,
                     const struct pmt_reader_options *reading,
                     struct peaks *peaks, size_t *count)
{
    struct pmt_live_sets live;
    struct pmt_trace in;
    struct pmt_error err;

    if (pmt_trace_open(&in, path, &opt->common, reading))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&live, pmt_live_wanted(opt));
    if (pmt_live_sets_read(&live, &in, &err)) {
        pmt_live_sets_release(&live);
        return pmt_trace_failed(&in, &err);
    }
    peaks->steps = pmt_live_sets_peaks(&live);
    peaks->begun_ns = pmt_live_sets_begun_ns(&live);
    *count = live.stream_count;
    pmt_live_sets_release(&live);
    if (!peaks->steps)
        return no_memory(&in);
    pmt_trace_release(&in);
    return PMT_EXIT_OK;
}

/* Sets what `live` stops at. The steps are to be freed when live is done. */
static int set_moment(const struct pmt_live_options *opt,
                      const struct pmt_trace *in, struct pmt_live_sets *live,
                      struct peaks *peaks)
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_live_sets_skip_kinds(pmt_live_wanted(opt)),
    };
    int status;

    if (in->moment.kind != PMT_MOMENT_PEAK)
        return pmt_trace_find_moment(in, &live->until);
    status = find_peak(opt, in->path, &reading, peaks,
                       &live->until_step_count);
    live->until_steps = (const uint64_t(*)[PMT_LIVE_KINDS])peaks->steps;
    return status;
}

/* ---- one trace --------------------------------------------------------- */

static bool has_set(const struct pmt_live_sets *live, int which)
{
    for (size_t i = 0; i < live->stream_count; i++)
        if (live->streams[i].seen[which])
            return true;
    return false;
}

/* What the trace has of what is wanted: its live sets and, where blocks are
 * wanted and none were recorded, its snapshots. */
struct found {
    struct pmt_live_sets live;
    struct pmt_live_exits exits;
    struct pmt_snapshots snapshots;
    struct peaks peaks;
    struct pmt_match match;
    struct pmt_growth growths[PMT_LIVE_KINDS];
    size_t growth_count;
    struct pmt_list lists[PMT_LIVE_KINDS];
    size_t list_count;
    struct pmt_survivors survivors;
    struct pmt_seek seek;
};

static struct pmt_live_view view_of(const struct pmt_live_options *opt,
                                    enum pmt_group_by by_default)
{
    struct pmt_live_view view = {
        .by = opt->by == PMT_LIVE_BY_KIND ? by_default : (enum pmt_group_by)opt->by,
        .sort = (enum pmt_group_sort)opt->sort,
        .top = (uint64_t)opt->top,
    };

    if (view.by == PMT_BY_STACK || view.by == PMT_BY_SITE)
        view.stacks = opt->stacks || view.by == PMT_BY_STACK;
    return view;
}

static int report_set(const struct pmt_live_options *opt,
                      const struct pmt_trace *in,
                      const struct pmt_live_sets *live,
                      enum pmt_live_which which, struct pmt_tables *tables)
{
    struct pmt_live_report what = {
        .name = in->name,
        .moment = &in->moment,
        .live = live,
        .which = which,
        .view = view_of(opt, which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE
                                                       : PMT_BY_SITE),
    };

    pmt_tables_next(tables);
    return opt->json ? pmt_live_report_json(&what, &tables->json)
                     : pmt_live_report_text(&what, tables->out.file);
}

static int report_snapshot(const struct pmt_live_options *opt,
                           const struct pmt_trace *in,
                           const struct pmt_snapshots *snapshots,
                           struct pmt_tables *tables)
{
    struct pmt_snapshot_report what = {
        .name = in->name,
        .moment = &in->moment,
        .snapshots = snapshots,
        .chosen = opt->snapshot != NULL,
        .view = view_of(opt, PMT_BY_SITE),
    };

    pmt_tables_next(tables);
    return opt->json ? pmt_snapshot_report_json(&what, &tables->json)
                     : pmt_snapshot_report_text(&what, tables->out.file);
}

static int report_growth(const struct pmt_live_options *opt,
                         const struct pmt_trace *in,
                         const struct pmt_live_sets *live,
                         struct pmt_growth *growth, struct pmt_tables *tables)
{
    struct pmt_growth_report what = {
        .name = in->name,
        .moment = &in->moment,
        .live = live,
        .growth = growth,
        .top = (uint64_t)opt->top,
        .evidence = opt->common.verbose > 0,
    };
    int code = pmt_growth_finish(growth);

    if (code)
        return code;
    pmt_tables_next(tables);
    if (opt->json)
        pmt_growth_report_json(&what, &tables->json);
    else
        pmt_growth_report_text(&what, tables->out.file);
    return PMT_OK;
}

static int report_lists(const struct pmt_live_options *opt,
                        const struct pmt_trace *in, struct found *found,
                        struct pmt_tables *tables)
{
    for (size_t i = 0; i < found->list_count; i++) {
        struct pmt_list *list = &found->lists[i];

        if (!has_set(&found->live, list->which))
            continue;
        if (!opt->pairs)
            pmt_list_add_live(list, &found->live);
        if (list->top.failed)
            return PMT_ERR_MEMORY;
        pmt_tables_next(tables);
        if (opt->json)
            pmt_list_json(list, in->name, opt->pairs, &tables->json);
        else
            pmt_list_text(list, in->name, opt->pairs, tables->out.file);
    }
    return PMT_OK;
}

static int report_survivors(const struct pmt_live_options *opt,
                            const struct pmt_trace *in, struct found *found,
                            struct pmt_tables *tables)
{
    int code = PMT_OK;

    for (int which = 0; which < PMT_LIVE_KINDS && code == PMT_OK; which++) {
        struct pmt_survivors_report what = {
            .name = in->name,
            .live = &found->live,
            .which = (enum pmt_live_which)which,
            .by = opt->by != PMT_LIVE_BY_KIND ? (enum pmt_group_by)opt->by
                  : which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE
                                              : PMT_BY_OWN,
            .match = &found->match,
        };

        if (!(pmt_live_wanted(opt) & 1u << which) || !has_set(&found->live, which))
            continue;
        pmt_tables_next(tables);
        code = opt->json ? pmt_survivors_json(&found->survivors, &what,
                                              &tables->json)
                         : pmt_survivors_text(&found->survivors, &what,
                                              tables->out.file);
    }
    return code;
}

static int report_growths(const struct pmt_live_options *opt,
                          const struct pmt_trace *in, struct found *found,
                          struct pmt_tables *tables)
{
    int code = PMT_OK;

    for (size_t i = 0; i < found->growth_count && code == PMT_OK; i++)
        if (has_set(&found->live, found->growths[i].which))
            code = report_growth(opt, in, &found->live, &found->growths[i],
                                 tables);
    return code;
}

/* What else there is, of a trace without anything that is alive. */
static const char *what_else(const struct pmt_live_sets *live)
{
    for (size_t i = 0; i < live->stream_count; i++)
        if (pmt_stream_has_hook(live->streams[i].stream, "sample") ||
            pmt_stream_has_hook(live->streams[i].stream, "rss"))
            return "; it has samples of the process: pmt info and pmt plot "
                   "show them";
    return "";
}

/* Nothing matched: the answer is "no". */
static int say_nothing(const struct pmt_live_options *opt,
                       const struct pmt_trace *in,
                       const struct pmt_live_sets *live)
{
    char begun[PMT_TEXT_SIZE + 64] = "", seconds[PMT_TEXT_SIZE];

    for (size_t i = 0; i < live->stream_count; i++)
        if (live->streams[i].begun_late && *begun == '\0')
            snprintf(begun, sizeof begun,
                     "; it begins at %s, earlier records were let go",
                     pmt_text_seconds(seconds, live->streams[i].begun_ns));
    if (opt->snapshot)
        pmt_fail("%s: no snapshot %s", in->name, opt->snapshot);
    else if (in->health.refused == 0)
        pmt_fail("%s: no %s records%s%s%s", in->name,
                 pmt_live_wanted(opt) == PMT_LIVE_ALLOC    ? "alloc or snapshot"
                 : pmt_live_wanted(opt) == PMT_LIVE_OBJECT ? "object"
                                                  : "alloc, object or "
                                                    "snapshot",
                 in->moment.kind == PMT_MOMENT_TIME ||
                         in->moment.kind == PMT_MOMENT_WALL ||
                         in->moment.kind == PMT_MOMENT_MARK
                     ? " up to that moment"
                     : "",
                 begun, what_else(live));
    return PMT_EXIT_NO;
}

/* Returns an exit status; TROUBLE: said why. */
static int report_all(const struct pmt_live_options *opt,
                      const struct pmt_trace *in, struct found *found,
                      struct pmt_tables *tables)
{
    unsigned before = tables->count;
    int code = PMT_OK;

    if (opt->growth)
        code = report_growths(opt, in, found, tables);
    else if (opt->survivors)
        code = report_survivors(opt, in, found, tables);
    else if (opt->list || opt->pairs)
        code = report_lists(opt, in, found, tables);
    for (int which = 0; !pmt_live_views(opt) && which < PMT_LIVE_KINDS && code == PMT_OK;
         which++)
        if (pmt_live_wanted(opt) & 1u << which && has_set(&found->live, which))
            code = report_set(opt, in, &found->live,
                              (enum pmt_live_which)which, tables);
    if (code == PMT_OK && found->snapshots.count > 0 &&
        !has_set(&found->live, PMT_LIVE_BLOCKS))
        code = report_snapshot(opt, in, &found->snapshots, tables);
    if (code != PMT_OK)
        return pmt_fail("out of memory");
    return tables->count > before ? PMT_EXIT_OK : say_nothing(opt, in, &found->live);
}

/* Snapshots are of blocks that were added up. */
static bool wants_snapshots(const struct pmt_live_options *opt)
{
    return !pmt_live_views(opt) && (opt->snapshot || pmt_live_wanted(opt) & PMT_LIVE_ALLOC);
}

static struct pmt_reader_options
reading_of(const struct pmt_live_options *opt, const struct pmt_input *input)
{
    struct pmt_reader_options reading = {
        .skip_kinds = opt->snapshot ? PMT_SNAPSHOTS_SKIP_KINDS
                                    : pmt_live_sets_skip_kinds(pmt_live_wanted(opt)),
    };

    if (wants_snapshots(opt))
        reading.skip_kinds &= PMT_SNAPSHOTS_SKIP_KINDS;
    if (opt->growth)
        reading.skip_kinds &= ~(UINT64_C(1) << PMT_KIND_GC);
    if (opt->survivors)
        reading.skip_kinds &= ~(UINT64_C(1) << PMT_KIND_MARK);
    pmt_input_limit(input, &reading);
    return reading;
}

static int read_all(const struct pmt_live_options *opt, struct pmt_trace *in,
                    struct found *found, struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        if (!opt->snapshot)
            code = pmt_live_sets_take(&found->live, in->reader, &event, err);
        if (code == PMT_OK && wants_snapshots(opt))
            code = pmt_snapshots_take(&found->snapshots, in->reader, &event,
                                      err);
        for (size_t i = 0; i < found->growth_count && code == PMT_OK; i++)
            code = pmt_growth_take(&found->growths[i], in->reader, &event);
        if (code == PMT_OK && opt->survivors)
            code = pmt_survivors_take(&found->survivors, in->reader, &event);
        if (code != PMT_OK)
            return code;
    }
    if (code != PMT_END)
        return code;
    if (found->peaks.steps != NULL &&
        pmt_live_sets_begun_ns(&found->live) != found->peaks.begun_ns)
        return pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                             "its recorder removed a part meanwhile: try "
                             "again");
    pmt_live_sets_finish(&found->live);
    pmt_snapshots_finish(&found->snapshots);
    return PMT_OK;
}

static void prepare_growth(const struct pmt_live_options *opt,
                           struct found *found)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_growth *growth = &found->growths[found->growth_count];
        enum pmt_group_by by =
            which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE : PMT_BY_OWN;

        if (!(pmt_live_wanted(opt) & 1u << which))
            continue;
        pmt_growth_init(growth, (enum pmt_live_which)which,
                        opt->by == PMT_LIVE_BY_KIND ? by
                                              : (enum pmt_group_by)opt->by);
        growth->match = &found->match;
        found->growth_count++;
    }
    pmt_growth_attach(found->growths, found->growth_count, &found->live);
}

static void prepare_lists(const struct pmt_live_options *opt, struct found *found)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_list *list = &found->lists[found->list_count];

        if (!(pmt_live_wanted(opt) & 1u << which))
            continue;
        pmt_list_init(&list->top, opt->sort == PMT_LIVE_SORT_AGE ? PMT_LIST_AGE
                                                        : PMT_LIST_BYTES,
                      (size_t)opt->top);
        list->which = (enum pmt_live_which)which;
        list->match = &found->match;
        found->list_count++;
    }
    if (opt->pairs)
        pmt_list_attach(found->lists, found->list_count, &found->live);
}

/* What is asked for beside what is live. */
static int prepare(const struct pmt_live_options *opt,
                    const struct pmt_trace *in, struct found *found)
{
    found->match.type = opt->type;
    found->match.site = opt->site;
    if (!opt->pairs && in->moment.kind == PMT_MOMENT_NONE) {
        if (pmt_live_exits_find(&found->exits, in))
            return PMT_EXIT_TROUBLE;
        found->live.exits = &found->exits;
        found->live.wind_down = opt->growth;
    }
    if (opt->growth)
        prepare_growth(opt, found);
    else if (opt->list || opt->pairs)
        prepare_lists(opt, found);
    return PMT_EXIT_OK;
}

static void release(struct found *found)
{
    for (size_t i = 0; i < found->growth_count; i++)
        pmt_growth_release(&found->growths[i]);
    for (size_t i = 0; i < found->list_count; i++)
        pmt_list_free(&found->lists[i]);
    pmt_survivors_release(&found->survivors);
    pmt_match_release(&found->match);
    pmt_snapshots_release(&found->snapshots);
    pmt_live_sets_release(&found->live);
    pmt_live_exits_release(&found->exits);
    free(found->peaks.steps);
    pmt_seek_release(&found->seek);
}

int pmt_live_run(const struct pmt_live_options *opt,
                 const struct pmt_input *input, struct pmt_tables *tables)
{
    struct pmt_reader_options reading = reading_of(opt, input);
    struct found found = {.peaks = {NULL, 0}};
    struct pmt_trace in;
    struct pmt_error err;
    bool seeks = input->moment.kind != PMT_MOMENT_PEAK &&
                 pmt_seek_is_for(&input->moment);
    int status;

    if (seeks)
        pmt_seek_options(&found.seek, &reading);
    if (pmt_input_open(&in, input, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&found.live, pmt_live_wanted(opt));
    pmt_snapshots_init(&found.snapshots, in.moment.kind == PMT_MOMENT_PEAK
                                             ? PMT_SNAPSHOT_LARGEST
                                             : PMT_SNAPSHOT_LATEST);
    status = prepare(opt, &in, &found);
    if (status == PMT_EXIT_OK && opt->snapshot && in.moment.kind != PMT_MOMENT_NONE)
        status = pmt_fail("%s: a moment and --snapshot exclude each other",
                          in.name);
    else if (status == PMT_EXIT_OK && opt->snapshot &&
             pmt_snapshots_choose(&found.snapshots, opt->snapshot))
        status = pmt_fail("out of memory");
    else if (status == PMT_EXIT_OK && !opt->snapshot)
        status = set_moment(opt, &in, &found.live, &found.peaks);
    if (status == PMT_EXIT_OK && in.moment.kind != PMT_MOMENT_PEAK)
        found.snapshots.until = found.live.until;
    found.seek.until = found.live.until;
    found.seek.bounded = seeks && !opt->snapshot;
    found.live.quick =
        opt->quick && in.moment.kind != PMT_MOMENT_PEAK;
    if (status == PMT_EXIT_OK && (opt->quick || opt->list) &&
        pmt_seek_live_sets(&found.seek, in.path, pmt_live_wanted(opt), &err))
        status = pmt_fail("%s: %s", in.name, err.message);
    if (status != PMT_EXIT_OK)
        pmt_trace_release(&in);
    else if (read_all(opt, &in, &found, &err))
        status = pmt_trace_failed(&in, &err);
    else if ((status = report_all(opt, &in, &found, tables)) ==
             PMT_EXIT_TROUBLE)
        pmt_trace_release(&in);
    else
        status = pmt_trace_close(&in, status, opt->strict);
    release(&found);
    return status;
}
