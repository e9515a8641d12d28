/* cmd-top.c: the command `pmt top`. */
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/output.h"
#include "cli/text.h"
#include "commands.h"
#include "high-water.h"
#include "inputs.h"
#include "live.h"
#include "open.h"
#include "top-report.h"

struct top_options {
    struct pmt_common common; /* must come first */
    const char *output, *from, *to;
    struct pmt_option_list include, exclude;
    int64_t top, within;
    uint32_t show;
    int by, kind, sort;
    bool force, json, stacks, strict, cumulative, all_frames, recursive;
    bool high_water, every_frame;
};

/* Where results go, and how many tables have gone there. */
struct sink {
    FILE *file;
    struct pmt_json json;
    unsigned tables;
};

/* Not given: by type for objects, by site for blocks; by bytes, or the size
 * class. */
#define BY_DEFAULT (-1)
#define SORT_DEFAULT (-1)

enum { KIND_ANY, KIND_ALLOC, KIND_OBJECT };
static const char *const kind_names[] = {"any", "alloc", "object", NULL};

static const struct pmt_option options[] = {
    PMT_OPT_CHOICE('b', "by", "KEY", struct top_options, by,
                   pmt_group_by_names,
                   "one row for each KEY; without it objects by type and "
                   "blocks by site"),
    PMT_OPT_FLAG(0, "cumulative", struct top_options, cumulative,
                 "count a block for every frame of its stack, not the "
                 "innermost alone"),
    PMT_OPT_FLAG(0, "every-frame", struct top_options, every_frame,
                 "with --cumulative, count it again for each frame that falls "
                 "into the same row, as tracemalloc does"),
    PMT_OPT_CHOICE('k', "kind", "KIND", struct top_options, kind, kind_names,
                   "count blocks (alloc), objects, or what there is",
                   .preset = "any"),
    PMT_OPT_INT('n', "top", "N", struct top_options, top,
                "show N rows", .preset = "20", .low = 1),
    PMT_OPT_SET(0, "show", "LIST", struct top_options, show,
                pmt_top_show_names, "show these columns",
                .preset = "live,allocated"),
    PMT_OPT_CHOICE(0, "sort", "WHAT", struct top_options, sort,
                   pmt_top_sort_names,
                   "largest by WHAT first; without it by bytes, or with "
                   "--by size by size"),
    PMT_OPT_FLAG(0, "stacks", struct top_options, stacks,
                 "show who called, below each line (with --by stack, "
                 "traceback and site)"),
    PMT_OPT_INT(0, "temporary", "N", struct top_options, within,
                "temporary is what its thread gives back before it has made "
                "N more", .preset = "1", .low = 1,
                .high = PMT_PROFILE_WITHIN_MAX),
    PMT_OPT_HEADING("When and where"),
    PMT_OPT_STRING(0, "from", "MOMENT", struct top_options, from,
                   "count only what was made after MOMENT"),
    PMT_OPT_STRING(0, "to", "MOMENT", struct top_options, to,
                   "stop at MOMENT, as FILE@MOMENT does"),
    PMT_OPT_FLAG(0, "high-water", struct top_options, high_water,
                 "stop where most bytes were live, of all streams together"),
    PMT_OPT_LIST(0, "include", "PATTERN", struct top_options, include,
                 "count only what was made in files that match PATTERN"),
    PMT_OPT_LIST(0, "exclude", "PATTERN", struct top_options, exclude,
                 "leave out what was made in files that match PATTERN"),
    PMT_OPT_FLAG(0, "all-frames", struct top_options, all_frames,
                 "patterns are for any frame of a stack, not the innermost "
                 "alone"),
    PMT_OPT_HEADING("Output"),
    PMT_OPT_JSON(struct top_options, json),
    PMT_OPT_STRICT(struct top_options, strict),
    PMT_OPT_RECURSIVE(struct top_options, recursive),
    PMT_OPT_OUTPUT(struct top_options, output),
    PMT_OPT_FORCE(struct top_options, force),
    PMT_OPT_LAST
};

/* Which sets the options ask for: a type is what objects have, a domain what
 * blocks have. 0: the options contradict each other. */
static unsigned wanted(const struct top_options *opt)
{
    unsigned sets = PMT_LIVE_ALLOC | PMT_LIVE_OBJECT;

    if (opt->kind == KIND_ALLOC)
        sets = PMT_LIVE_ALLOC;
    if (opt->kind == KIND_OBJECT)
        sets = PMT_LIVE_OBJECT;
    if (opt->by == PMT_BY_TYPE)
        sets &= PMT_LIVE_OBJECT;
    if (opt->by == PMT_BY_DOMAIN)
        sets &= PMT_LIVE_ALLOC;
    return sets;
}

static enum pmt_group_by by_of(const struct top_options *opt,
                               enum pmt_live_which which)
{
    if (opt->by != BY_DEFAULT)
        return (enum pmt_group_by)opt->by;
    return which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE : PMT_BY_SITE;
}

static enum pmt_top_sort sort_of(const struct top_options *opt,
                                 const struct pmt_profile *profile)
{
    bool live = opt->show & PMT_TOP_LIVE &&
                (profile->grouping.total.count > 0 ||
                 !(opt->show & PMT_TOP_ALLOCATED));

    if (opt->sort != SORT_DEFAULT)
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
static unsigned measured(const struct top_options *opt)
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

/* ---- one trace ---------------------------------------------------------- */

/* What is made of a trace: a profile of blocks, one of objects and, where
 * blocks are wanted and none were recorded, what a snapshot holds. */
struct found {
    struct pmt_profile profiles[PMT_LIVE_KINDS];
    struct pmt_patterns patterns;
    struct pmt_snapshots snapshots;
    struct pmt_moment moment, from; /* as asked for; borrowed or owned */
    bool has_from;
};

static void release(struct found *found)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++)
        pmt_profile_release(&found->profiles[which]);
    pmt_patterns_release(&found->patterns);
    pmt_snapshots_release(&found->snapshots);
    pmt_moment_release(&found->from);
}

/* Where to stop, and since when. */
static int set_moments(const struct top_options *opt,
                       const struct pmt_trace *in, struct found *found)
{
    char why[PMT_WHY_SIZE];
    struct pmt_instant until, from;

    if (opt->to && in->moment.kind != PMT_MOMENT_NONE)
        return pmt_fail("%s: a moment and --to exclude each other", in->name);
    if (opt->to && pmt_moment_parse(opt->to, &found->moment, why, sizeof why))
        return pmt_fail("--to: %s", why);
    if (opt->from && pmt_moment_parse(opt->from, &found->from, why, sizeof why))
        return pmt_fail("--from: %s", why);
    found->has_from = opt->from != NULL;
    if (pmt_trace_find(in, opt->to ? &found->moment : &in->moment, &until) ||
        (opt->from && pmt_trace_find(in, &found->from, &from)))
        return PMT_EXIT_TROUBLE;
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        found->profiles[which].live.until = until;
        found->profiles[which].live.until_exit =
            !opt->to && in->moment.kind == PMT_MOMENT_NONE;
        found->profiles[which].has_from = found->has_from;
        if (found->has_from)
            found->profiles[which].from = from;
    }
    found->snapshots.until = until;
    return PMT_EXIT_OK;
}

/* --high-water: of blocks and objects each its own. */
static int set_high_water(const struct top_options *opt,
                          const struct pmt_trace *in, struct found *found)
{
    if (opt->to || in->moment.kind != PMT_MOMENT_NONE)
        return pmt_fail("%s: a moment and --high-water exclude each other",
                        in->name);
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_profile *profile = &found->profiles[which];

        if (!(wanted(opt) & 1u << which))
            continue;
        profile->together = true;
        profile->live.until_exit = false;
        if (pmt_high_water_find(in, &opt->common,
                                (enum pmt_live_which)which,
                                &profile->live.until))
            return PMT_EXIT_TROUBLE;
    }
    return PMT_EXIT_OK;
}

static void prepare(const struct top_options *opt, struct found *found)
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
        profile->want = measured(opt);
        profile->within = (uint32_t)opt->within;
        profile->grouping.cumulative = opt->cumulative;
        profile->grouping.every_frame = opt->every_frame;
        if (pmt_patterns_any(&found->patterns))
            profile->patterns = &found->patterns;
    }
}

static bool wants(const struct top_options *opt, int which)
{
    return wanted(opt) & 1u << which;
}

/* Snapshots are of blocks; they have no records to be measured. */
static bool wants_snapshots(const struct top_options *opt)
{
    return wants(opt, PMT_LIVE_BLOCKS) && !opt->from && !opt->high_water;
}

static int read_all(const struct top_options *opt, struct pmt_trace *in,
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
        if (code != PMT_OK)
            return code;
    }
    if (code != PMT_END)
        return code;
    pmt_snapshots_finish(&found->snapshots);
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

static int report_one(const struct top_options *opt,
                      const struct pmt_trace *in, struct found *found,
                      enum pmt_live_which which,
                      const struct pmt_snapshots *snapshots,
                      struct sink *sink)
{
    enum pmt_group_by by = by_of(opt, which);
    struct pmt_top_report report = {
        .name = in->name,
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
    };

    if (sink->tables++ > 0 && !opt->json)
        fputc('\n', sink->file);
    return opt->json ? pmt_top_json(&report, &sink->json)
                     : pmt_top_text(&report, sink->file);
}

/* Nothing matched: the answer is "no". */
static int say_nothing(const struct top_options *opt,
                       const struct pmt_trace *in)
{
    if (in->health.refused == 0)
        pmt_fail("%s: no %s records", in->name,
                 wanted(opt) == PMT_LIVE_ALLOC    ? "alloc or snapshot"
                 : wanted(opt) == PMT_LIVE_OBJECT ? "object"
                                                  : "alloc, object or "
                                                    "snapshot");
    return PMT_EXIT_NO;
}

/* Returns an exit status; TROUBLE: said why. */
static int report_all(const struct top_options *opt,
                      const struct pmt_trace *in, struct found *found,
                      struct sink *sink)
{
    struct pmt_profile *blocks = &found->profiles[PMT_LIVE_BLOCKS];
    unsigned before = sink->tables;
    int code = PMT_OK;

    for (int which = 0; which < PMT_LIVE_KINDS && code == PMT_OK; which++)
        if (wants(opt, which) && has_records(&found->profiles[which]))
            code = report_one(opt, in, found, (enum pmt_live_which)which,
                              NULL, sink);
    if (code == PMT_OK && found->snapshots.count > 0 &&
        !has_records(blocks)) {
        code = pmt_profile_of_snapshots(blocks, &found->snapshots);
        if (code == PMT_OK)
            code = report_one(opt, in, found, PMT_LIVE_BLOCKS,
                              &found->snapshots, sink);
    }
    if (code != PMT_OK)
        return pmt_fail("out of memory");
    return sink->tables > before ? PMT_EXIT_OK : say_nothing(opt, in);
}

static int top_trace(const struct top_options *opt,
                     const struct pmt_input *input, struct sink *sink)
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_live_sets_skip_kinds(wanted(opt)),
    };
    struct found found;
    struct pmt_trace in;
    struct pmt_error err;
    int status;

    if (wants_snapshots(opt))
        reading.skip_kinds &= PMT_SNAPSHOTS_SKIP_KINDS;
    if (input->moment.kind == PMT_MOMENT_TIME)
        reading.to_ns = input->moment.ns ? input->moment.ns : 1;
    if (pmt_input_open(&in, input, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    prepare(opt, &found);
    status = set_moments(opt, &in, &found);
    if (status == PMT_EXIT_OK && opt->high_water)
        status = set_high_water(opt, &in, &found);
    if (status != PMT_EXIT_OK)
        pmt_trace_release(&in);
    else if (read_all(opt, &in, &found, &err))
        status = pmt_trace_failed(&in, &err);
    else if ((status = report_all(opt, &in, &found, sink)) ==
             PMT_EXIT_TROUBLE)
        pmt_trace_release(&in);
    else
        status = pmt_trace_close(&in, status, opt->strict);
    if (opt->to)
        pmt_moment_release(&found.moment);
    release(&found);
    return status;
}

/* Options that don't go together. */
static int check(const struct top_options *opt)
{
    if (wanted(opt) == 0)
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt->by], kind_names[opt->kind]);
    if (opt->cumulative &&
        (opt->by == BY_DEFAULT
             ? wanted(opt) == PMT_LIVE_OBJECT
             : !pmt_group_has_frames((enum pmt_group_by)opt->by)))
        return pmt_fail("--cumulative is for keys of frames: site, file, "
                        "lineno, function, module, stack, traceback");
    if (opt->every_frame && !opt->cumulative)
        return pmt_fail("--every-frame needs --cumulative");
    if (opt->sort == PMT_TOP_BY_CLASS && opt->by != PMT_BY_SIZE)
        return pmt_fail("--sort size needs --by size");
    if (opt->show == 0)
        return pmt_fail("--show: nothing to show");
    return PMT_EXIT_OK;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct top_options opt = {.by = BY_DEFAULT, .sort = SORT_DEFAULT};
    struct pmt_inputs inputs;
    struct pmt_output out;
    struct sink sink = {0};
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = check(&opt);

    if (status != PMT_EXIT_OK ||
        pmt_inputs_expand(&inputs, argv, count,
                          PMT_INPUTS_MOMENTS |
                              (opt.recursive ? PMT_INPUTS_RECURSIVE : 0)))
        return PMT_EXIT_TROUBLE;
    if (pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0)) {
        pmt_inputs_release(&inputs);
        return PMT_EXIT_TROUBLE;
    }
    sink.file = out.file;
    pmt_json_init(&sink.json, out.file);
    for (size_t i = 0; i < inputs.count; i++)
        status = pmt_exit_worse(status,
                                top_trace(&opt, &inputs.item[i], &sink));
    pmt_inputs_release(&inputs);
    pmt_options_release(command, &opt.common);
    if (status != PMT_EXIT_OK && sink.tables == 0) {
        pmt_output_abandon(&out);
        return status;
    }
    return pmt_exit_worse(status, pmt_output_commit(&out));
}

const struct pmt_command pmt_command_top = {
    .name = "top",
    .summary = "show what allocates most, and what becomes of it",
    .usage = (const char *const[]){"[options] FILE[@MOMENT]...", NULL},
    .description = (const char *const[]){
        "Counts for each site, type, file, thread and so on what is alive at "
        "a moment and what was allocated up to it: bytes, count and average, "
        "as Python's tracemalloc does, from the records of blocks, of objects "
        "or, where no blocks were recorded, from a snapshot.",
        "Without a moment what is live is that where the interpreter began to "
        "end, as far as that can be told; FILE@end is the very end. What was "
        "allocated is all of the recording then. Where nothing is live rows "
        "are sorted by what was allocated.",
        "Columns (--show): live, what is alive at the moment; allocated, all "
        "that was made, alive or not; rate, that by the second; temporary, "
        "how much of it its own thread gave back before it had made N more "
        "(--temporary N, at first 1); lifetimes, how long what ended had "
        "lived: the time that 50, 90 and 99 of 100 did not pass, right to 1 "
        "part in 16; peak, the most bytes that each row had alive at a time.",
        "Keys (--by): lineno, file and traceback are those of tracemalloc "
        "(\"filename\" is file); site and stack tell functions on one line "
        "apart too; module is the file as one imports it; size is the class "
        "of sizes: steps of 16 bytes up to 512, then powers of 2, so --by "
        "size is a histogram. With --cumulative a row has all that was made "
        "in it or below it, each block once; tracemalloc counts it once for "
        "each frame, so that recursion counts several times, and so does "
        "--every-frame.",
        "--from counts only what was made after a moment, --to and @MOMENT "
        "stop at one; pmt-live(1) says what moments are. --high-water stops "
        "where the bytes of all processes of the trace together were most; "
        "@peak is that of the one process that had most.",
        "A PATTERN is for the file of the innermost frame, as in "
        "tracemalloc.Filter: * is for anything, ? for one character, [abc] "
        "for one of these; PATTERN:12 is for line 12. What no Python code "
        "made is in the file \"<unknown>\".",
        "Of a trace that was sampled the numbers are estimates (~); the range "
        "is where the truth lies in 95 of 100 recordings.",
        NULL},
    .examples = (const char *const[]){
        "pmt top a.pmt", "what was alive last and what was allocated",
        "pmt top --sort allocations --show allocated,rate,temporary a.pmt",
        "who allocates most often, and how much of it for nothing",
        "pmt top --by lineno --from mark:before a.pmt@mark:after",
        "what was made between two marks and is alive at the second",
        "pmt top --by file --cumulative --exclude '<frozen *>' a.pmt",
        "files by what was made in them or below them",
        "pmt top --by size --show live,allocated a.pmt",
        "a histogram of sizes",
        "pmt top --high-water --by process a.pmt",
        "what each process had when all together had most",
        "pmt top --show lifetimes,peak --json a.pmt",
        "how long blocks live, for a program", NULL},
    .exit_status = (const char *const[]){
        "it was counted, though a trace may end early",
        "a trace has no such records, or is corrupt: what is sound of it was "
        "counted",
        "a trace could not be read, or is of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
