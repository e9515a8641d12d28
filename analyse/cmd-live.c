/* cmd-live.c: the command `pmt live`. */
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "commands.h"
#include "growth-report.h"
#include "live-list.h"
#include "live-report.h"
#include "live.h"
#include "open.h"
#include "survivors.h"

struct live_options {
    struct pmt_common common; /* must come first */
    const char *output, *snapshot;
    int64_t top;
    const char *type, *site;
    int by, kind, sort;
    bool force, growth, json, list, pairs, stacks, strict, survivors;
};

/* Where results go, and how many tables have gone there. */
struct sink {
    FILE *file;
    struct pmt_json json;
    unsigned tables;
};

/* Not given: by type for objects, by site for blocks. */
#define BY_DEFAULT (-1)

/* The first two are enum pmt_group_sort. */
enum { SORT_AGE = 2 };
static const char *const sort_names[] = {"bytes", "count", "age", NULL};

enum { KIND_ANY, KIND_ALLOC, KIND_OBJECT };
static const char *const kind_names[] = {"any", "alloc", "object", NULL};

static const struct pmt_option options[] = {
    PMT_OPT_CHOICE('b', "by", "KEY", struct live_options, by,
                   pmt_group_by_names,
                   "count by KEY; without it objects by type and blocks by "
                   "site"),
    PMT_OPT_CHOICE('k', "kind", "KIND", struct live_options, kind, kind_names,
                   "count blocks (alloc), objects, or what there is",
                   .preset = "any"),
    PMT_OPT_INT('n', "top", "N", struct live_options, top,
                "show the N largest", .preset = "20", .low = 1),
    PMT_OPT_CHOICE(0, "sort", "WHAT", struct live_options, sort,
                   sort_names, "largest by WHAT first (age: of --list and "
                   "--pairs)", .preset = "bytes"),
    PMT_OPT_FLAG(0, "stacks", struct live_options, stacks,
                 "show who called, below each line (with --by stack and "
                 "site)"),
    PMT_OPT_FLAG('g', "growth", struct live_options, growth,
                 "how each type or site grew since the start, with a verdict, "
                 "such as steady leak or cache filling"),
    PMT_OPT_FLAG('l', "list", struct live_options, list,
                 "single blocks or objects: address, age, where made"),
    PMT_OPT_FLAG(0, "pairs", struct live_options, pairs,
                 "those that were made and destroyed again, with their life"),
    PMT_OPT_FLAG(0, "survivors", struct live_options, survivors,
                 "how much of what was made between two marks lives on"),
    PMT_OPT_STRING(0, "type", "GLOB", struct live_options, type,
                   "only objects of such types"),
    PMT_OPT_STRING(0, "site", "GLOB", struct live_options, site,
                   "only what was made at such sites: FILE, its last part, "
                   "FUNCTION, FILE:LINE FUNCTION"),
    PMT_OPT_STRING(0, "snapshot", "NAME|N", struct live_options, snapshot,
                   "show what the snapshot NAME, or number N, holds (NAME#2 "
                   "is the second of that name)"),
    PMT_OPT_JSON(struct live_options, json),
    PMT_OPT_STRICT(struct live_options, strict),
    PMT_OPT_OUTPUT(struct live_options, output),
    PMT_OPT_FORCE(struct live_options, force),
    PMT_OPT_LAST
};

/* How many views other than the live set are asked for. */
static int views(const struct live_options *opt)
{
    return opt->growth + opt->list + opt->pairs + opt->survivors;
}

/* Which sets the options ask for: a type is what objects have, a domain what
 * blocks have. 0: the options contradict each other. */
static unsigned wanted(const struct live_options *opt)
{
    unsigned sets = PMT_LIVE_ALLOC | PMT_LIVE_OBJECT;

    if (opt->kind == KIND_ALLOC)
        sets = PMT_LIVE_ALLOC;
    if (opt->kind == KIND_OBJECT)
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
static int find_peak(const struct live_options *opt, const char *path,
                     const struct pmt_reader_options *reading,
                     struct peaks *peaks, size_t *count)
{
    struct pmt_live_sets live;
    struct pmt_trace in;
    struct pmt_error err;

    if (strcmp(path, "-") == 0)
        return pmt_fail("the peak can't be found in standard input: it takes "
                        "two passes");
    if (pmt_trace_open(&in, path, &opt->common, reading))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&live, wanted(opt));
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
static int set_moment(const struct live_options *opt,
                      const struct pmt_trace *in, struct pmt_live_sets *live,
                      struct peaks *peaks)
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_live_sets_skip_kinds(wanted(opt)),
    };
    int status;

    if (in->moment.kind != PMT_MOMENT_PEAK)
        return pmt_trace_find_moment(in, &live->until);
    status = find_peak(opt, in->path, &reading, peaks,
                       &live->until_step_count);
    live->until_steps = (const uint64_t(*)[PMT_LIVE_KINDS])peaks->steps;
    return status;
}

/* Chunks behind a moment that is a time need not be read. */
static void limit_reading(const char *operand,
                          struct pmt_reader_options *reading)
{
    struct pmt_moment moment;
    char why[PMT_WHY_SIZE], *path;

    if (pmt_moment_split(operand, &path, &moment, why, sizeof why))
        return; /* said by pmt_trace_open_moment */
    if (moment.kind == PMT_MOMENT_TIME)
        reading->to_ns = moment.ns ? moment.ns : 1;
    pmt_moment_release(&moment);
    free(path);
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
    struct pmt_snapshots snapshots;
    struct peaks peaks;
    struct pmt_match match;
    struct pmt_growth growths[PMT_LIVE_KINDS];
    size_t growth_count;
    struct pmt_list lists[PMT_LIVE_KINDS];
    size_t list_count;
    struct pmt_survivors survivors;
};

static struct pmt_live_view view_of(const struct live_options *opt,
                                    enum pmt_group_by by_default)
{
    struct pmt_live_view view = {
        .by = opt->by == BY_DEFAULT ? by_default : (enum pmt_group_by)opt->by,
        .sort = (enum pmt_group_sort)opt->sort,
        .top = (uint64_t)opt->top,
    };

    if (view.by == PMT_BY_STACK || view.by == PMT_BY_SITE)
        view.stacks = opt->stacks || view.by == PMT_BY_STACK;
    return view;
}

/* A line stands between two tables of text. */
static void next_table(const struct live_options *opt, struct sink *sink)
{
    if (sink->tables++ > 0 && !opt->json)
        fputc('\n', sink->file);
}

static int report_set(const struct live_options *opt,
                      const struct pmt_trace *in,
                      const struct pmt_live_sets *live,
                      enum pmt_live_which which, struct sink *sink)
{
    struct pmt_live_report what = {
        .name = in->name,
        .moment = &in->moment,
        .live = live,
        .which = which,
        .view = view_of(opt, which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE
                                                       : PMT_BY_SITE),
    };

    next_table(opt, sink);
    return opt->json ? pmt_live_report_json(&what, &sink->json)
                     : pmt_live_report_text(&what, sink->file);
}

static int report_snapshot(const struct live_options *opt,
                           const struct pmt_trace *in,
                           const struct pmt_snapshots *snapshots,
                           struct sink *sink)
{
    struct pmt_snapshot_report what = {
        .name = in->name,
        .moment = &in->moment,
        .snapshots = snapshots,
        .chosen = opt->snapshot != NULL,
        .view = view_of(opt, PMT_BY_SITE),
    };

    next_table(opt, sink);
    return opt->json ? pmt_snapshot_report_json(&what, &sink->json)
                     : pmt_snapshot_report_text(&what, sink->file);
}

static int report_growth(const struct live_options *opt,
                         const struct pmt_trace *in,
                         const struct pmt_live_sets *live,
                         struct pmt_growth *growth, struct sink *sink)
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
    next_table(opt, sink);
    if (opt->json)
        pmt_growth_report_json(&what, &sink->json);
    else
        pmt_growth_report_text(&what, sink->file);
    return PMT_OK;
}

static int report_lists(const struct live_options *opt,
                        const struct pmt_trace *in, struct found *found,
                        struct sink *sink)
{
    for (size_t i = 0; i < found->list_count; i++) {
        struct pmt_list *list = &found->lists[i];

        if (!has_set(&found->live, list->which))
            continue;
        if (!opt->pairs)
            pmt_list_add_live(list, &found->live);
        if (list->top.failed)
            return PMT_ERR_MEMORY;
        next_table(opt, sink);
        if (opt->json)
            pmt_list_json(list, in->name, opt->pairs, &sink->json);
        else
            pmt_list_text(list, in->name, opt->pairs, sink->file);
    }
    return PMT_OK;
}

static int report_survivors(const struct live_options *opt,
                            const struct pmt_trace *in, struct found *found,
                            struct sink *sink)
{
    int code = PMT_OK;

    for (int which = 0; which < PMT_LIVE_KINDS && code == PMT_OK; which++) {
        struct pmt_survivors_report what = {
            .name = in->name,
            .live = &found->live,
            .which = (enum pmt_live_which)which,
            .by = opt->by != BY_DEFAULT ? (enum pmt_group_by)opt->by
                  : which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE
                                              : PMT_BY_OWN,
            .match = &found->match,
        };

        if (!(wanted(opt) & 1u << which) || !has_set(&found->live, which))
            continue;
        next_table(opt, sink);
        code = opt->json ? pmt_survivors_json(&found->survivors, &what,
                                              &sink->json)
                         : pmt_survivors_text(&found->survivors, &what,
                                              sink->file);
    }
    return code;
}

static int report_growths(const struct live_options *opt,
                          const struct pmt_trace *in, struct found *found,
                          struct sink *sink)
{
    int code = PMT_OK;

    for (size_t i = 0; i < found->growth_count && code == PMT_OK; i++)
        if (has_set(&found->live, found->growths[i].which))
            code = report_growth(opt, in, &found->live, &found->growths[i],
                                 sink);
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
static int say_nothing(const struct live_options *opt,
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
                 wanted(opt) == PMT_LIVE_ALLOC    ? "alloc or snapshot"
                 : wanted(opt) == PMT_LIVE_OBJECT ? "object"
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
static int report_all(const struct live_options *opt,
                      const struct pmt_trace *in, struct found *found,
                      struct sink *sink)
{
    unsigned before = sink->tables;
    int code = PMT_OK;

    if (opt->growth)
        code = report_growths(opt, in, found, sink);
    else if (opt->survivors)
        code = report_survivors(opt, in, found, sink);
    else if (opt->list || opt->pairs)
        code = report_lists(opt, in, found, sink);
    for (int which = 0; !views(opt) && which < PMT_LIVE_KINDS && code == PMT_OK;
         which++)
        if (wanted(opt) & 1u << which && has_set(&found->live, which))
            code = report_set(opt, in, &found->live,
                              (enum pmt_live_which)which, sink);
    if (code == PMT_OK && found->snapshots.count > 0 &&
        !has_set(&found->live, PMT_LIVE_BLOCKS))
        code = report_snapshot(opt, in, &found->snapshots, sink);
    if (code != PMT_OK)
        return pmt_fail("out of memory");
    return sink->tables > before ? PMT_EXIT_OK : say_nothing(opt, in, &found->live);
}

/* Snapshots are of blocks that were added up. */
static bool wants_snapshots(const struct live_options *opt)
{
    return !views(opt) && (opt->snapshot || wanted(opt) & PMT_LIVE_ALLOC);
}

static struct pmt_reader_options
reading_of(const struct live_options *opt, const char *operand)
{
    struct pmt_reader_options reading = {
        .skip_kinds = opt->snapshot ? PMT_SNAPSHOTS_SKIP_KINDS
                                    : pmt_live_sets_skip_kinds(wanted(opt)),
    };

    if (wants_snapshots(opt))
        reading.skip_kinds &= PMT_SNAPSHOTS_SKIP_KINDS;
    if (opt->growth)
        reading.skip_kinds &= ~(UINT64_C(1) << PMT_KIND_GC);
    if (opt->survivors)
        reading.skip_kinds &= ~(UINT64_C(1) << PMT_KIND_MARK);
    limit_reading(operand, &reading);
    return reading;
}

static int read_all(const struct live_options *opt, struct pmt_trace *in,
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

/* NAME, NAME#2 or N. *name is to be freed when all is done. */
static void choose_snapshot(const struct live_options *opt,
                            const struct pmt_trace *in,
                            struct pmt_snapshots *snapshots, char **name)
{
    const char *asked = opt->snapshot, *hash;
    size_t digits = strspn(asked ? asked : "", "0123456789");

    pmt_snapshots_init(snapshots, in->moment.kind == PMT_MOMENT_PEAK
                                      ? PMT_SNAPSHOT_LARGEST
                                      : PMT_SNAPSHOT_LATEST);
    if (!asked)
        return;
    if (digits > 0 && digits < 19 && !asked[digits]) {
        pmt_snapshots_init(snapshots, PMT_SNAPSHOT_NUMBER);
        snapshots->number = strtoull(asked, NULL, 10);
        return;
    }
    pmt_snapshots_init(snapshots, PMT_SNAPSHOT_NAME);
    *name = pmt_xstrdup(asked);
    snapshots->name = *name;
    snapshots->number = 1;
    hash = strrchr(asked, '#');
    digits = hash ? strspn(hash + 1, "0123456789") : 0;
    if (digits > 0 && digits < 19 && !hash[1 + digits]) {
        snapshots->number = strtoull(hash + 1, NULL, 10);
        (*name)[hash - asked] = '\0';
    }
}

static void prepare_growth(const struct live_options *opt,
                           struct found *found)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_growth *growth = &found->growths[found->growth_count];
        enum pmt_group_by by =
            which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE : PMT_BY_OWN;

        if (!(wanted(opt) & 1u << which))
            continue;
        pmt_growth_init(growth, (enum pmt_live_which)which,
                        opt->by == BY_DEFAULT ? by
                                              : (enum pmt_group_by)opt->by);
        growth->match = &found->match;
        found->growth_count++;
    }
    pmt_growth_attach(found->growths, found->growth_count, &found->live);
}

static void prepare_lists(const struct live_options *opt, struct found *found)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_list *list = &found->lists[found->list_count];

        if (!(wanted(opt) & 1u << which))
            continue;
        pmt_list_init(&list->top, opt->sort == SORT_AGE ? PMT_LIST_AGE
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
static void prepare(const struct live_options *opt,
                    const struct pmt_trace *in, struct found *found)
{
    found->match.type = opt->type;
    found->match.site = opt->site;
    if (!opt->pairs)
        found->live.until_exit = in->moment.kind == PMT_MOMENT_NONE;
    if (opt->growth)
        prepare_growth(opt, found);
    else if (opt->list || opt->pairs)
        prepare_lists(opt, found);
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
    free(found->peaks.steps);
}

static int live_trace(const struct live_options *opt, const char *operand,
                      struct sink *sink)
{
    struct pmt_reader_options reading = reading_of(opt, operand);
    struct found found = {.peaks = {NULL, 0}};
    struct pmt_trace in;
    struct pmt_error err;
    char *name = NULL;
    int status = PMT_EXIT_OK;

    if (pmt_trace_open_moment(&in, operand, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&found.live, wanted(opt));
    choose_snapshot(opt, &in, &found.snapshots, &name);
    prepare(opt, &in, &found);
    if (opt->snapshot && in.moment.kind != PMT_MOMENT_NONE)
        status = pmt_fail("%s: a moment and --snapshot exclude each other",
                          in.name);
    else if (!opt->snapshot)
        status = set_moment(opt, &in, &found.live, &found.peaks);
    if (status == PMT_EXIT_OK && in.moment.kind != PMT_MOMENT_PEAK)
        found.snapshots.until = found.live.until;
    if (status != PMT_EXIT_OK)
        pmt_trace_release(&in);
    else if (read_all(opt, &in, &found, &err))
        status = pmt_trace_failed(&in, &err);
    else if ((status = report_all(opt, &in, &found, sink)) ==
             PMT_EXIT_TROUBLE)
        pmt_trace_release(&in);
    else
        status = pmt_trace_close(&in, status, opt->strict);
    release(&found);
    free(name);
    return status;
}

/* Says what can't be asked for together. */
static bool contradicts(const struct live_options *opt)
{
    if (views(opt) > 1)
        pmt_fail("only one of --growth, --list, --pairs and --survivors");
    else if (views(opt) && opt->snapshot)
        pmt_fail("--snapshot is not for --growth, --list, --pairs and "
                 "--survivors");
    else if ((opt->type || opt->site) && !views(opt))
        pmt_fail("--type and --site are for --growth, --list, --pairs and "
                 "--survivors");
    else if (opt->sort == SORT_AGE && !opt->list && !opt->pairs)
        pmt_fail("--sort age is for --list and --pairs");
    else if (opt->sort == PMT_SORT_COUNT && views(opt))
        pmt_fail("--sort count is not for --growth, --list, --pairs and "
                 "--survivors");
    else if (opt->stacks && views(opt))
        pmt_fail("--stacks is not for --growth, --list, --pairs and "
                 "--survivors");
    else if (opt->by != BY_DEFAULT && (opt->list || opt->pairs))
        pmt_fail("--by is not for --list and --pairs");
    else if (opt->type && opt->kind == KIND_ALLOC)
        pmt_fail("--type is not for --kind alloc");
    else
        return false;
    return true;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct live_options opt = {.by = BY_DEFAULT};
    struct pmt_output out;
    struct sink sink = {0};
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = PMT_EXIT_OK;

    if (contradicts(&opt))
        return PMT_EXIT_TROUBLE;
    if (wanted(&opt) == 0)
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt.by], kind_names[opt.kind]);
    if (pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0))
        return PMT_EXIT_TROUBLE;
    sink.file = out.file;
    pmt_json_init(&sink.json, out.file);
    for (int i = 0; i < count; i++)
        status = pmt_exit_worse(status, live_trace(&opt, argv[i], &sink));
    if (status != PMT_EXIT_OK && sink.tables == 0) {
        pmt_output_abandon(&out);
        return status;
    }
    return pmt_exit_worse(status, pmt_output_commit(&out));
}

const struct pmt_command pmt_command_live = {
    .name = "live",
    .summary = "count what was alive at a moment, and who made it",
    .usage = (const char *const[]){"[options] FILE[@MOMENT]...", NULL},
    .description = (const char *const[]){
        "Counts the objects, or the blocks of memory, that were created and "
        "not destroyed at a moment of a trace: \"a.pmt\" is where the "
        "interpreter began to end, or else the end, \"a.pmt@end\" the end, "
        "\"a.pmt@exit\" where the interpreter began to end, "
        "\"a.pmt@12.5s\" a time since recording began, "
        "\"a.pmt@mark:warm\" the first mark of that name, "
        "\"a.pmt@mark:warm#3\" the third, \"a.pmt@peak\" where most bytes of "
        "blocks, or most objects, were live.",
        "Sizes of blocks are those asked for. Sizes of objects are the basic "
        "size of their type, without what they point to or have more than "
        "one of, unless the trace has the size of each.",
        "What is live at the end of a program is not yet a leak: compare two "
        "moments. What can't be known is said above the table: releases of "
        "what was made before recording began, blocks whose release was not "
        "seen, events lost.",
        "Types of one name and size are one line, which says how many types "
        "it stands for; types of one name and different sizes are numbered. "
        "Blocks that no Python code asked for have the site \"(no Python "
        "frame)\".",
        "Of a trace with allocations that were sampled all numbers are "
        "estimates, with a \"~\" before them, and 95% of such intervals hold "
        "the truth.",
        "Of a flight recorder what is live is exact from the first part that "
        "is there on, since each part begins with what was live then; only "
        "what happened before was let go.",
        "--growth says of each type, or of each line of the program's own "
        "code, how it grew since the start: steady leak, cache filling, "
        "too short to tell, saw-tooth, one-off, plateau, shrinking. Leaks "
        "come first, by bytes a second and confidence, each with its "
        "evidence (with -v all): rates with limits of 95%, when what lives "
        "was made, how much was freed, and when last. Where a library made "
        "the blocks \"through\" names the line there; --by site counts by it.",
        "--list shows single blocks or objects with address, age and where "
        "they were made, --pairs those that are gone, with their life, and "
        "--survivors how much of what was made between two marks lives on.",
        "Without a moment all but --pairs is up to where the interpreter "
        "began to end, as far as that can be told: what it takes down then "
        "says nothing of the program.",
        "Without records of blocks the last snapshot not after the moment is "
        "shown, of @peak the largest; --snapshot chooses one.",
        "Standard input (\"-\") has no @peak, @exit and @mark.",
        NULL},
    .examples = (const char *const[]){
        "pmt live a.pmt", "who made what is alive at the end",
        "pmt live --by type a.pmt@12.5s", "objects by type after 12.5 s",
        "pmt live -n 5 --by stack a.pmt@peak",
        "the five stacks that held most at the peak",
        "pmt live --growth a.pmt", "is there a leak, and where",
        "pmt live --list --sort age -n 5 --site 'app.py:*' a.pmt",
        "the five oldest blocks that app.py made",
        "pmt live --survivors a.pmt", "what each request left behind",
        "pmt live --snapshot warm --by file a.pmt",
        "what a snapshot holds, by file",
        "pmt live --json a.pmt@mark:before a.pmt@mark:after",
        "two moments, for a program to compare", NULL},
    .exit_status = (const char *const[]){
        "the live sets were counted, though a trace may end early",
        "a trace has no such records, or is corrupt: what is sound of it was "
        "counted",
        "a trace could not be read, or is of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
