/* top-run.c: what `pmt top` does with one trace; see top-options.h. */
#include "top-options.h"

#include <string.h>

#include "cli/errors.h"
#include "high-water.h"
#include "live-exit.h"
#include "live.h"
#include "seek.h"
#include "top-report.h"

/* Which sets the options ask for: a type is what objects have, a domain what
 * blocks have. 0: the options contradict each other. */
unsigned pmt_top_wanted(const struct pmt_top_options *opt)
{
    unsigned sets = PMT_LIVE_ALLOC | PMT_LIVE_OBJECT;

    if (opt->kind >= PMT_TOP_CALL)
        return 0;
    if (opt->kind == PMT_TOP_ALLOC)
        sets = PMT_LIVE_ALLOC;
    if (opt->kind == PMT_TOP_OBJECT)
        sets = PMT_LIVE_OBJECT;
    if (opt->by == PMT_BY_TYPE)
        sets &= PMT_LIVE_OBJECT;
    if (opt->by == PMT_BY_DOMAIN)
        sets &= PMT_LIVE_ALLOC;
    return sets;
}

static enum pmt_group_by by_of(const struct pmt_top_options *opt,
                               enum pmt_live_which which)
{
    if (opt->by != PMT_TOP_BY_KIND)
        return (enum pmt_group_by)opt->by;
    return which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE : PMT_BY_SITE;
}

static enum pmt_top_sort sort_of(const struct pmt_top_options *opt,
                                 const struct pmt_profile *profile)
{
    bool live = opt->show & PMT_TOP_LIVE &&
                (profile->grouping.total.count > 0 ||
                 !(opt->show & PMT_TOP_ALLOCATED));

    if (opt->sort != PMT_TOP_SORT_SHOWN)
        return (enum pmt_top_sort)opt->sort;
    if (opt->by == PMT_BY_SIZE)
        return PMT_TOP_BY_CLASS;
    return live                            ? PMT_TOP_BY_BYTES
           : opt->show & PMT_TOP_TEMPORARY ? PMT_TOP_BY_TEMPORARY
           : opt->show & PMT_TOP_ALLOCATED ||
                   opt->show & PMT_TOP_RATE
               ? PMT_TOP_BY_ALLOCATED
           : opt->show & PMT_TOP_PEAK ? PMT_TOP_BY_PEAK
                                      : PMT_TOP_BY_LIFETIME;
}

/* What must be measured for what is shown, sorted by or, as JSON, asked for. */
static unsigned measured(const struct pmt_top_options *opt)
{
    unsigned want = 0;

    if (opt->show & (PMT_TOP_ALLOCATED | PMT_TOP_RATE) ||
        opt->sort == PMT_TOP_BY_ALLOCATED ||
        opt->sort == PMT_TOP_BY_ALLOCATIONS)
        want |= PMT_PROFILE_ALLOCATED;
    if (opt->show & PMT_TOP_TEMPORARY || opt->sort == PMT_TOP_BY_TEMPORARY)
        want |= PMT_PROFILE_ALLOCATED | PMT_PROFILE_TEMPORARY;
    if (opt->show & PMT_TOP_LIFETIMES || opt->sort == PMT_TOP_BY_LIFETIME)
        want |= PMT_PROFILE_LIFETIMES;
    if (opt->show & PMT_TOP_PEAK || opt->sort == PMT_TOP_BY_PEAK)
        want |= PMT_PROFILE_PEAK;
    return want;
}

/* Nothing of what came and went. */
static bool asks_what_is_live(const struct pmt_top_options *opt)
{
    return measured(opt) == 0 && !opt->every_ns && !opt->high_water;
}

/* ---- one trace ---------------------------------------------------------- */

/* Of calls and of lines. */
enum { CALLS, LINES, CALL_KINDS };
static const enum pmt_kind call_kinds[] = {PMT_KIND_CALL, PMT_KIND_LINE};

/* What is made of a trace: a profile of blocks, one of objects and, where
 * blocks are wanted and none were recorded, what a snapshot holds; what
 * functions or lines did, where that is wanted or there is nothing else. */
struct found {
    struct pmt_profile profiles[PMT_LIVE_KINDS];
    struct pmt_replay replays[PMT_LIVE_KINDS];
    struct pmt_patterns patterns;
    struct pmt_snapshots snapshots;
    struct pmt_live_exits exits;
    struct pmt_calls calls[CALL_KINDS];
    struct pmt_moment moment, from; /* as asked for; borrowed or owned */
    struct pmt_instant at_from;
    bool has_from;
    struct pmt_seek seek;
};

static void release(struct found *found)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        pmt_profile_release(&found->profiles[which]);
        pmt_replay_release(&found->replays[which]);
    }
    for (int which = 0; which < CALL_KINDS; which++)
        pmt_calls_release(&found->calls[which]);
    pmt_patterns_release(&found->patterns);
    pmt_snapshots_release(&found->snapshots);
    pmt_live_exits_release(&found->exits);
    pmt_moment_release(&found->from);
    pmt_seek_release(&found->seek);
}

/* Where to stop, and since when. */
static int set_moments(const struct pmt_top_options *opt,
                       const struct pmt_trace *in, struct found *found)
{
    bool until_exit = !opt->to && in->moment.kind == PMT_MOMENT_NONE;
    char why[PMT_WHY_SIZE];
    struct pmt_instant until, from;

    if (opt->to && in->moment.kind != PMT_MOMENT_NONE)
        return pmt_fail("%s: a moment and --to exclude each other", in->name);
    if (opt->to && pmt_moment_parse(opt->to, &found->moment, why, sizeof why))
        return pmt_fail("--to: %s", why);
    if (opt->from && pmt_moment_parse(opt->from, &found->from, why, sizeof why))
        return pmt_fail("--from: %s", why);
    found->has_from = opt->from != NULL;
    if (found->has_from && pmt_moment_is_later(&found->from, &in->moment))
        return pmt_fail("%s: --from %s is later than the moment", in->name,
                        opt->from);
    if (pmt_trace_find(in, opt->to ? &found->moment : &in->moment, &until) ||
        (opt->from && pmt_trace_find(in, &found->from, &from)) ||
        (until_exit && pmt_live_exits_find(&found->exits, in)))
        return PMT_EXIT_TROUBLE;
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        found->profiles[which].live.until = until;
        found->profiles[which].live.exits = until_exit ? &found->exits : NULL;
        found->profiles[which].has_from = found->has_from;
        if (found->has_from)
            found->profiles[which].from = from;
        found->replays[which].from = found->has_from ? &found->at_from : NULL;
    }
    if (found->has_from)
        found->at_from = from;
    for (int which = 0; which < CALL_KINDS; which++) {
        found->calls[which].until = until;
        found->calls[which].has_from = found->has_from;
        found->calls[which].from = found->at_from;
    }
    found->snapshots.until = until;
    found->seek.until = until;
    found->seek.bounded =
        pmt_seek_is_for(opt->to ? &found->moment : &in->moment);
    return PMT_EXIT_OK;
}

/* --high-water: of blocks and objects each its own. */
static int set_high_water(const struct pmt_top_options *opt,
                          const struct pmt_trace *in, struct found *found)
{
    if (opt->to || in->moment.kind != PMT_MOMENT_NONE)
        return pmt_fail("%s: a moment and --high-water exclude each other",
                        in->name);
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_profile *profile = &found->profiles[which];

        if (!(pmt_top_wanted(opt) & 1u << which))
            continue;
        profile->together = true;
        profile->live.exits = NULL;
        if (pmt_high_water_find(in, &opt->common,
                                (enum pmt_live_which)which,
                                &profile->live.until))
            return PMT_EXIT_TROUBLE;
    }
    return PMT_EXIT_OK;
}

static void prepare(const struct pmt_top_options *opt, struct found *found)
{
    memset(found, 0, sizeof *found);
    found->patterns.include = opt->include;
    found->patterns.exclude = opt->exclude;
    found->patterns.all_frames = opt->all_frames;
    pmt_snapshots_init(&found->snapshots, PMT_SNAPSHOT_LATEST);
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_profile *profile = &found->profiles[which];

        pmt_profile_init(profile, (enum pmt_live_which)which,
                         by_of(opt, (enum pmt_live_which)which));
        if (opt->every_ns) {
            found->replays[which].every_ns = opt->every_ns;
            profile->replay = &found->replays[which];
        } else {
            profile->want = measured(opt);
        }
        profile->within = (uint32_t)opt->within;
        profile->grouping.cumulative = opt->cumulative;
        profile->grouping.every_frame = opt->every_frame;
        if (pmt_patterns_any(&found->patterns))
            profile->patterns = &found->patterns;
    }
    for (int which = 0; which < CALL_KINDS; which++) {
        struct pmt_calls *calls = &found->calls[which];

        calls->kind = call_kinds[which];
        calls->by = opt->by == PMT_TOP_BY_KIND ? PMT_BY_FUNCTION
                                               : (enum pmt_group_by)opt->by;
        if (pmt_patterns_any(&found->patterns))
            calls->patterns = &found->patterns;
    }
}

static bool wants(const struct pmt_top_options *opt, int which)
{
    return pmt_top_wanted(opt) & 1u << which;
}

/* Snapshots are of blocks; they have no records to be measured. */
static bool wants_snapshots(const struct pmt_top_options *opt)
{
    return wants(opt, PMT_LIVE_BLOCKS) && !opt->from && !opt->high_water &&
           !opt->every_ns;
}

static bool wants_calls(const struct pmt_top_options *opt, int which)
{
    if (opt->kind != PMT_TOP_ANY)
        return opt->kind == (which == CALLS ? PMT_TOP_CALL : PMT_TOP_LINE);
    return !opt->every_ns && !opt->high_water && !opt->cumulative &&
           (opt->sort == PMT_TOP_SORT_SHOWN || opt->sort >= PMT_TOP_BY_OWN ||
            opt->sort <= PMT_TOP_BY_COUNT) &&
           (opt->by == PMT_TOP_BY_KIND ||
            pmt_calls_by((enum pmt_group_by)opt->by));
}

/* A pass_over of a reader: calls and lines of a stream that has records of
 * blocks or objects, unless they are asked for. */
static bool passes_over(void *context, const struct pmt_stream *stream,
                        const struct pmt_envelope *label)
{
    const struct pmt_top_options *opt = context;
    const struct pmt_stream_header *h = pmt_stream_header(stream);

    if (opt->kind != PMT_TOP_ANY ||
        (label->kind != PMT_KIND_CALL && label->kind != PMT_KIND_LINE))
        return false;
    for (size_t i = 0; h->hooks && i < h->hook_count; i++)
        if (h->hooks[i].length >= 6 && h->hooks[i].bytes &&
            (memcmp(h->hooks[i].bytes, "alloc:", 6) == 0 ||
             memcmp(h->hooks[i].bytes, "object", 6) == 0))
            return true;
    return false;
}

static uint64_t skip_kinds(const struct pmt_top_options *opt)
{
    uint64_t skip = pmt_live_sets_skip_kinds(pmt_top_wanted(opt));

    if (wants_snapshots(opt))
        skip &= PMT_SNAPSHOTS_SKIP_KINDS;
    for (int which = 0; which < CALL_KINDS; which++)
        if (wants_calls(opt, which))
            skip &= pmt_calls_skip_kinds(call_kinds[which]);
    return skip;
}

static int read_all(const struct pmt_top_options *opt, struct pmt_trace *in,
                    struct found *found, struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        for (int which = 0; code == PMT_OK && which < PMT_LIVE_KINDS; which++)
            if (wants(opt, which))
                code = pmt_profile_take(&found->profiles[which], in->reader,
                                        &event, err);
        if (code == PMT_OK && wants_snapshots(opt))
            code = pmt_snapshots_take(&found->snapshots, in->reader, &event,
                                      err);
        for (int which = 0; code == PMT_OK && which < CALL_KINDS; which++)
            if (wants_calls(opt, which))
                code = pmt_calls_take(&found->calls[which], in->reader, &event,
                                      err);
        if (code != PMT_OK)
            return code;
    }
    if (code != PMT_END)
        return code;
    pmt_snapshots_finish(&found->snapshots);
    for (int which = 0; which < CALL_KINDS; which++)
        pmt_calls_finish(&found->calls[which]);
    for (int which = 0; which < PMT_LIVE_KINDS; which++)
        if (wants(opt, which) &&
            pmt_profile_finish(&found->profiles[which], err))
            return PMT_ERR_MEMORY;
    return PMT_OK;
}

static bool has_records(const struct pmt_profile *profile)
{
    for (size_t i = 0; i < profile->live.stream_count; i++)
        if (profile->live.streams[i].seen[profile->which])
            return true;
    return false;
}

static int report_one(const struct pmt_top_options *opt,
                      const struct pmt_trace *in, struct found *found,
                      enum pmt_live_which which,
                      const struct pmt_snapshots *snapshots,
                      struct pmt_tables *tables)
{
    enum pmt_group_by by = by_of(opt, which);
    struct pmt_top_report report = {
        .name = in->name,
        .path = in->path,
        .moment = opt->to ? &found->moment : &in->moment,
        .from = found->has_from ? &found->from : NULL,
        .profile = &found->profiles[which],
        .snapshots = snapshots,
        .show = snapshots ? (unsigned)PMT_TOP_LIVE : opt->show,
        .sort = sort_of(opt, &found->profiles[which]),
        .top = (uint64_t)opt->top,
        .stacks = by == PMT_BY_STACK || by == PMT_BY_TRACEBACK ||
                  (by == PMT_BY_SITE && opt->stacks),
        .high_water = opt->high_water,
        .first = opt->first,
    };

    if (opt->every_ns)
        return pmt_top_replay(&report, tables);
    pmt_tables_next(tables);
    return opt->json ? pmt_top_json(&report, &tables->json)
                     : pmt_top_text(&report, tables->out.file);
}

/* Nothing matched: the answer is "no". */
static int say_nothing(const struct pmt_top_options *opt,
                       const struct pmt_trace *in)
{
    unsigned sets = pmt_top_wanted(opt);

    if (in->health.refused == 0)
        pmt_fail("%s: no %s records", in->name,
                 opt->kind == PMT_TOP_CALL   ? "call"
                 : opt->kind == PMT_TOP_LINE ? "line"
                 : sets == PMT_LIVE_ALLOC    ? "alloc or snapshot"
                 : sets == PMT_LIVE_OBJECT   ? "object"
                 : wants_calls(opt, CALLS) ? "alloc, object, snapshot, call "
                                             "or line"
                                           : "alloc, object or snapshot");
    return PMT_EXIT_NO;
}

static int report_calls(const struct pmt_top_options *opt,
                        const struct pmt_trace *in, struct found *found,
                        struct pmt_tables *tables)
{
    int code = PMT_OK;

    for (int which = 0; which < CALL_KINDS && code == PMT_OK; which++) {
        struct pmt_top_calls what = {
            .name = in->name,
            .path = in->path,
            .moment = opt->to ? &found->moment : &in->moment,
            .from = found->has_from ? &found->from : NULL,
            .calls = &found->calls[which],
            .sort = opt->sort != PMT_TOP_SORT_SHOWN
                        ? (enum pmt_top_sort)opt->sort
                    : which == LINES ? PMT_TOP_BY_COUNT
                                     : PMT_TOP_BY_OWN,
            .top = (uint64_t)opt->top,
        };

        if (what.calls->records > 0)
            code = pmt_top_calls(&what, tables);
    }
    return code;
}

/* Returns an exit status; TROUBLE: said why. */
static int report_all(const struct pmt_top_options *opt,
                      const struct pmt_trace *in, struct found *found,
                      struct pmt_tables *tables)
{
    struct pmt_profile *blocks = &found->profiles[PMT_LIVE_BLOCKS];
    unsigned before = tables->count;
    int code = PMT_OK;

    for (int which = 0; which < PMT_LIVE_KINDS && code == PMT_OK; which++)
        if (wants(opt, which) && has_records(&found->profiles[which]))
            code = report_one(opt, in, found, (enum pmt_live_which)which,
                              NULL, tables);
    if (code == PMT_OK && found->snapshots.count > 0 &&
        !has_records(blocks)) {
        code = pmt_profile_of_snapshots(blocks, &found->snapshots);
        if (code == PMT_OK)
            code = report_one(opt, in, found, PMT_LIVE_BLOCKS,
                              &found->snapshots, tables);
    }
    if (code == PMT_OK && tables->count == before)
        code = report_calls(opt, in, found, tables);
    if (code == PMT_ERR_LIMIT)
        return pmt_fail("%s: --every makes more than %d tables", in->name,
                        PMT_REPLAY_MOMENTS);
    if (code != PMT_OK)
        return pmt_fail("out of memory");
    return tables->count > before ? PMT_EXIT_OK : say_nothing(opt, in);
}

int pmt_top_run(const struct pmt_top_options *opt,
                const struct pmt_input *input, struct pmt_tables *tables)
{
    struct pmt_reader_options reading = {
        .skip_kinds = skip_kinds(opt),
        .pass_over = passes_over,
        .pass_over_context = (void *)opt,
    };
    struct found found;
    struct pmt_trace in;
    struct pmt_error err;
    int status;

    prepare(opt, &found);
    pmt_input_limit(input, &reading);
    pmt_seek_options(&found.seek, &reading);
    if (pmt_input_open(&in, input, &opt->common, &reading)) {
        release(&found);
        return PMT_EXIT_TROUBLE;
    }
    status = set_moments(opt, &in, &found);
    if (status == PMT_EXIT_OK && opt->high_water)
        status = set_high_water(opt, &in, &found);
    if (status == PMT_EXIT_OK && asks_what_is_live(opt) &&
        pmt_seek_live_sets(&found.seek, in.path, pmt_top_wanted(opt), &err))
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
    if (opt->to)
        pmt_moment_release(&found.moment);
    release(&found);
    return status;
}
