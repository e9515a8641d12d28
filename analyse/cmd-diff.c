/* cmd-diff.c: the command `pmt diff`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/output.h"
#include "commands.h"
#include "diff-options.h"
#include "group.h"
#include "inputs.h"
#include "open.h"
#include "top-pattern.h"

#define BY_DEFAULT (-1)

static const char *const kind_names[] = {"any",  "alloc",  "object",
                                         "heap", "sample", NULL};

/* "per-second", "per-mark:NAME", "per-call:FUNC". */
static bool read_per(const char *value, void *store, char *why,
                     size_t why_size)
{
    static const struct {
        const char *word;
        enum pmt_diff_per_kind kind;
    } words[] = {{"per-mark", PMT_DIFF_PER_MARK},
                 {"per-call", PMT_DIFF_PER_CALL}};
    struct pmt_diff_per *per = store;

    if (strcmp(value, "per-second") == 0) {
        *per = (struct pmt_diff_per){PMT_DIFF_PER_SECOND, NULL};
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].word);

        if (strncmp(value, words[i].word, length) != 0 || !value[length] ||
            !strchr(":= ", value[length]) || !value[length + 1])
            continue;
        *per = (struct pmt_diff_per){words[i].kind, value + length + 1};
        return true;
    }
    snprintf(why, why_size,
             "not per-second, per-mark:NAME or per-call:FUNCTION");
    return false;
}

static bool read_limit(const char *value, void *store, char *why,
                       size_t why_size)
{
    struct pmt_diff_limit *limit = store;

    limit->text = value;
    return pmt_diff_limit_parse(value, limit, why, why_size);
}

static const struct pmt_option options[] = {
    PMT_OPT_CHOICE('b', "by", "KEY", struct pmt_diff_options, by,
                   pmt_group_by_names,
                   "compare by KEY; without it objects by type and blocks by "
                   "site"),
    PMT_OPT_CHOICE('k', "kind", "KIND", struct pmt_diff_options, kind,
                   kind_names,
                   "compare blocks (alloc), objects, figures of allocators "
                   "(heap) or of processes (sample), or what there is, heap "
                   "where there is nothing else", .preset = "any"),
    PMT_OPT_INT('n', "top", "N", struct pmt_diff_options, top,
                "show the N largest changes", .preset = "20", .low = 1),
    PMT_OPT_FLAG('a', "all", struct pmt_diff_options, all,
                 "show what did not change too"),
    PMT_OPT_FLAG('c', "cumulative", struct pmt_diff_options, cumulative,
                 "count a block for every frame of its stack (with keys that "
                 "are of frames)"),
    PMT_OPT_FLAG(0, "every-frame", struct pmt_diff_options, every_frame,
                 "with --cumulative, count a block once for every frame of a "
                 "line, as tracemalloc does: recursion counts several times"),
    PMT_OPT_STRING(0, "from", "MOMENT", struct pmt_diff_options, from,
                   "count only what was made after MOMENT, on both sides"),
    PMT_OPT_PATTERNS(struct pmt_diff_options),
    PMT_OPT_CALLBACK(0, "normalise", "HOW", struct pmt_diff_options, per,
                     read_per,
                     "divide by what a run did up to the moment: per-second, "
                     "per-mark:NAME, per-call:FUNCTION"),
    PMT_OPT_LIST('m', "map", "OLD=NEW", struct pmt_diff_options, maps,
                 "take the file or folder OLD for NEW, on both sides; may be "
                 "repeated, the first that fits counts"),
    PMT_OPT_NEGATABLE(0, "match-lines", struct pmt_diff_options, match_lines,
                      "with --by site, find lines again that moved inside "
                      "their function", .preset = "on"),
    PMT_OPT_CALLBACK(0, "fail-over", "LIMIT", struct pmt_diff_options, limit,
                     read_limit,
                     "status 1 when anything grew by more than LIMIT: 5% of "
                     "all that A has, 10M of bytes, or 1000 blocks or "
                     "objects"),
    PMT_OPT_RECURSIVE(struct pmt_diff_options, recursive),
    PMT_OPT_JSON(struct pmt_diff_options, json),
    PMT_OPT_STRICT(struct pmt_diff_options, strict),
    PMT_OPT_OUTPUT(struct pmt_diff_options, output),
    PMT_OPT_FORCE(struct pmt_diff_options, force),
    PMT_OPT_LAST
};

/* What the options say against each other. */
static int contradiction(const struct pmt_diff_options *opt, int count)
{
    const char *by = opt->by == BY_DEFAULT ? "" : pmt_group_by_names[opt->by];
    const char *kind = kind_names[opt->kind];

    if ((opt->by == PMT_BY_TYPE && opt->kind == PMT_DIFF_KIND_ALLOC) ||
        (opt->by == PMT_BY_DOMAIN && opt->kind == PMT_DIFF_KIND_OBJECT) ||
        (*by && opt->kind >= PMT_DIFF_KIND_HEAP))
        return pmt_fail("--by %s is not for --kind %s", by, kind);
    if (opt->cumulative &&
        (opt->by == BY_DEFAULT ||
         !pmt_group_has_frames((enum pmt_group_by)opt->by)))
        return pmt_fail("--cumulative needs a --by of frames, as site or "
                        "file");
    if (count == 1)
        return pmt_fail("one side given: name two traces, or two moments of "
                        "one, as a.pmt@mark:warm a.pmt");
    if (count == 3 && opt->kind >= PMT_DIFF_KIND_HEAP)
        return pmt_fail("--kind %s is not for three moments", kind);
    return PMT_EXIT_OK;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct pmt_diff_options opt = {.by = BY_DEFAULT};
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = contradiction(&opt, count);
    struct pmt_output out;
    bool printed = false;

    if (status == PMT_EXIT_OK &&
        pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0))
        status = PMT_EXIT_TROUBLE;
    if (status == PMT_EXIT_OK) {
        status = pmt_diff_run(&opt, argv, count, out.file, &printed);
        if (status == PMT_EXIT_TROUBLE || (status && !printed))
            pmt_output_abandon(&out);
        else
            status = pmt_exit_worse(status, pmt_output_commit(&out));
    }
    pmt_options_release(command, &opt.common);
    return status;
}

const struct pmt_command pmt_command_diff = {
    .name = "diff",
    .summary = "compare two moments or runs, and fail when too much grew",
    .usage = (const char *const[]){"[options] A[@MOMENT] B[@MOMENT]",
                                   "[options] A@MOMENT B@MOMENT C[@MOMENT]",
                                   NULL},
    .description = (const char *const[]){
        "Compares what was alive at a moment of two traces, or at two of one: "
        "objects, blocks of memory, or what a snapshot holds of them; and "
        "figures of processes and allocators. Without a moment that is where "
        "the interpreter began to end, as far as that can be told, of figures "
        "the end; FILE@end is the very end. A side may be a "
        "folder, or a glob in quotes, of several runs of the same program: "
        "then its values are medians. Traces of one session, as of a program "
        "and its children, are one run. Nothing is printed where nothing "
        "changed.",
        "With three moments of one trace, or three traces of one process, as "
        "dumps, what was born between A and B and is alive at C is shown: "
        "what a request or a batch left behind.",
        "The largest absolute change of bytes comes first; then bytes, change "
        "of the count, count, and name decide, as in tracemalloc's "
        "compare_to. Sites, functions, types and threads are the same when "
        "they have the same names; process ids, addresses and sizes of types "
        "play no part.",
        "Lines that moved: with --by site a function is the same when its "
        "file (after --map) and its qualified name are. Its lines are counted "
        "from its own first line. A line that exists on one side only, "
        "whether or not anything is alive there, is paired with the nearest "
        "such line of the other side, and shown as \"a.py:12 -> 15 f\". Not "
        "of two moments of one file, and not of functions of which several "
        "have one name, as lambdas. --no-match-lines turns it off.",
        "LIMIT of --fail-over: a percentage is of all that A has, also for a "
        "single line of the table, so that the lines that fail explain the "
        "sum; of figures it is of the figure's own value in A. A number "
        "without a unit is a count. A line fails when it grew by more. Live "
        "sets are judged, figures only with --kind heap or sample, and then "
        "those in bytes (in other units with a count).",
        "With several runs a side noise is allowed for: what grew by more "
        "than LIMIT must do so beyond the differences of the runs among each "
        "other. From 8 runs a side on that is found by a permutation test "
        "over all lines together: two sets of runs of the same code fail in 1 "
        "of 1,000 comparisons. Ten runs a side find a growth of 1% with "
        "--fail-over 0%, where the runs of a side differ by less than that. "
        "With fewer runs the nearest runs of the two sides must be farther "
        "apart than LIMIT and the spans of both sides.",
        "A PATTERN is one of names of files, as of tracemalloc.Filter: * "
        "stands for anything, \"/\" too, and \":LINE\" may be behind it. What "
        "has no Python frame is \"<unknown>\".",
        "Of sampled traces changes are estimates with limits; where these "
        "hold 0, a \"?\" is before them. They fail when the lower limit is "
        "over LIMIT.",
        NULL},
    .examples = (const char *const[]){
        "pmt diff a.pmt@mark:warm a.pmt",
        "what is alive at the end that was not after warming up",
        "pmt diff --by function --map /old/checkout=/srv/app old.pmt a.pmt",
        "two versions in two folders, by function",
        "pmt diff a.pmt@mark:warm a.pmt@mark:done a.pmt",
        "what was made between two marks and is alive at the end",
        "pmt diff --normalise per-mark:request old.pmt a.pmt",
        "what each request left behind, before and now",
        "pmt diff --fail-over 5% old.pmt a.pmt",
        "status 1 when a line, or all, grew by over 5% of all there was",
        "pmt diff --fail-over 0% --kind alloc base/ now/",
        "the runs in two folders: status 1 for growth beyond their noise",
        "pmt diff --kind heap a.pmt@mark:warm a.pmt",
        "what became of arenas and size classes", NULL},
    .exit_status = (const char *const[]){
        "the sides were compared; nothing passed the limit",
        "something passed the limit; or there was nothing to compare, or a "
        "trace is corrupt: what is sound of it was compared",
        "a trace could not be read, or is of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = 3,
    .run = run,
};
