/* cmd-live.c: the command `pmt live`. */
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/output.h"
#include "commands.h"
#include "live-report.h"
#include "live.h"
#include "open.h"

struct live_options {
    struct pmt_common common; /* must come first */
    const char *output;
    int64_t top;
    int by, kind, sort;
    bool force, json, stacks, strict;
};

/* Not given: by type for objects, by site for blocks. */
#define BY_DEFAULT (-1)

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
                   pmt_group_sort_names, "largest by WHAT first",
                   .preset = "bytes"),
    PMT_OPT_FLAG(0, "stacks", struct live_options, stacks,
                 "show who called, below each line (with --by stack and "
                 "site)"),
    PMT_OPT_JSON(struct live_options, json),
    PMT_OPT_STRICT(struct live_options, strict),
    PMT_OPT_OUTPUT(struct live_options, output),
    PMT_OPT_FORCE(struct live_options, force),
    PMT_OPT_LAST
};

/* Which sets the options ask for: a type is what objects have, a domain what
 * blocks have. 0: the options contradict each other. */
static unsigned wanted(const struct live_options *opt)
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

static int no_memory(struct pmt_trace *in)
{
    struct pmt_error err;

    pmt_error_set(&err, PMT_ERR_MEMORY, PMT_NO_OFFSET, "out of memory");
    return pmt_trace_failed(in, &err);
}

/* ---- the moment -------------------------------------------------------- */

/* The first of two passes: the steps at which each set is largest. */
static int find_peak(const struct live_options *opt, const char *path,
                     const struct pmt_reader_options *reading,
                     uint64_t (**peaks)[PMT_LIVE_KINDS], size_t *count)
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
    *peaks = pmt_live_sets_peaks(&live);
    *count = live.stream_count;
    pmt_live_sets_release(&live);
    if (!*peaks)
        return no_memory(&in);
    pmt_trace_release(&in);
    return PMT_EXIT_OK;
}

/* Sets what `live` stops at. *peaks is to be freed when live is done. */
static int set_moment(const struct live_options *opt,
                      const struct pmt_trace *in, struct pmt_live_sets *live,
                      uint64_t (**peaks)[PMT_LIVE_KINDS])
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_live_sets_skip_kinds(wanted(opt)),
    };
    int status;

    if (in->moment.kind != PMT_MOMENT_PEAK)
        return pmt_trace_find_moment(in, &live->until);
    status = find_peak(opt, in->path, &reading, peaks,
                       &live->until_step_count);
    live->until_steps = (const uint64_t(*)[PMT_LIVE_KINDS]) * peaks;
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

static int report(const struct live_options *opt, const struct pmt_trace *in,
                  const struct pmt_live_sets *live, enum pmt_live_which which,
                  FILE *file, struct pmt_json *json)
{
    struct pmt_live_report what = {
        .name = in->name,
        .moment = &in->moment,
        .live = live,
        .which = which,
        .by = (enum pmt_group_by)opt->by,
        .sort = (enum pmt_group_sort)opt->sort,
        .top = (uint64_t)opt->top,
        .stacks = opt->stacks || opt->by == PMT_BY_STACK,
    };

    if (opt->by == BY_DEFAULT)
        what.by = which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE : PMT_BY_SITE;
    if (what.by != PMT_BY_STACK && what.by != PMT_BY_SITE)
        what.stacks = false;
    return opt->json ? pmt_live_report_json(&what, json)
                     : pmt_live_report_text(&what, file);
}

/* All that there is of what is wanted. *tables counts the texts so far: a
 * line stands between two. */
static int report_all(const struct live_options *opt,
                      const struct pmt_trace *in,
                      const struct pmt_live_sets *live, FILE *file,
                      struct pmt_json *json, unsigned *tables)
{
    unsigned before = *tables;

    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        if (!(wanted(opt) & 1u << which) || !has_set(live, which))
            continue;
        if ((*tables)++ > 0 && !opt->json)
            fputc('\n', file);
        if (report(opt, in, live, (enum pmt_live_which)which, file, json))
            return pmt_fail("out of memory");
    }
    if (*tables == before && in->health.refused == 0)
        pmt_warn("%s: no %s records%s", in->name,
                 wanted(opt) == PMT_LIVE_ALLOC    ? "alloc"
                 : wanted(opt) == PMT_LIVE_OBJECT ? "object"
                                                  : "alloc or object",
                 in->moment.kind == PMT_MOMENT_TIME ||
                         in->moment.kind == PMT_MOMENT_MARK
                     ? " up to that moment"
                     : "");
    return PMT_EXIT_OK;
}

static int live_trace(const struct live_options *opt, const char *operand,
                      FILE *file, struct pmt_json *json, unsigned *tables)
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_live_sets_skip_kinds(wanted(opt)),
    };
    uint64_t(*peaks)[PMT_LIVE_KINDS] = NULL;
    struct pmt_live_sets live;
    struct pmt_trace in;
    struct pmt_error err;
    int status;

    limit_reading(operand, &reading);
    if (pmt_trace_open_moment(&in, operand, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&live, wanted(opt));
    status = set_moment(opt, &in, &live, &peaks);
    if (status != PMT_EXIT_OK)
        pmt_trace_release(&in);
    else if (pmt_live_sets_read(&live, &in, &err))
        status = pmt_trace_failed(&in, &err);
    else if (report_all(opt, &in, &live, file, json, tables)) {
        status = PMT_EXIT_TROUBLE;
        pmt_trace_release(&in);
    } else {
        status = pmt_trace_close(&in, PMT_EXIT_OK, opt->strict);
    }
    pmt_live_sets_release(&live);
    free(peaks);
    return status;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct live_options opt = {.by = BY_DEFAULT};
    struct pmt_output out;
    struct pmt_json json;
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = PMT_EXIT_OK;
    unsigned tables = 0;

    if (wanted(&opt) == 0)
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt.by], kind_names[opt.kind]);
    if (pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0))
        return PMT_EXIT_TROUBLE;
    pmt_json_init(&json, out.file);
    for (int i = 0; i < count; i++)
        status = pmt_exit_worse(
            status, live_trace(&opt, argv[i], out.file, &json, &tables));
    if (status == PMT_EXIT_TROUBLE && tables == 0) {
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
        "not destroyed at a moment of a trace: \"a.pmt\" or \"a.pmt@end\" is "
        "the end, \"a.pmt@12.5s\" a time since recording began, "
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
        "Standard input (\"-\") has no @peak and no @mark.",
        NULL},
    .examples = (const char *const[]){
        "pmt live a.pmt", "who made what is alive at the end",
        "pmt live --by type a.pmt@12.5s", "objects by type after 12.5 s",
        "pmt live -n 5 --by stack a.pmt@peak",
        "the five stacks that held most at the peak",
        "pmt live --json a.pmt@mark:before a.pmt@mark:after",
        "two moments, for a program to compare", NULL},
    .exit_status = (const char *const[]){
        "the live sets were counted, though a trace may end early",
        "a trace is corrupt; what is sound of it was counted",
        "a trace could not be read, or is of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
