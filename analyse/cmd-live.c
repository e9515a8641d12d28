/* cmd-live.c: the command `pmt live`. */
#include "cli/errors.h"
#include "commands.h"
#include "group.h"
#include "inputs.h"
#include "live-options.h"
#include "open.h"
#include "tables.h"

/* The first two are enum pmt_group_sort. */
static const char *const sort_names[] = {"bytes", "count", "age", NULL};

static const char *const kind_names[] = {"any", "alloc", "object", NULL};

static const struct pmt_option options[] = {
    PMT_OPT_CHOICE('b', "by", "KEY", struct pmt_live_options, by,
                   pmt_group_by_names,
                   "count by KEY; without it objects by type and blocks by "
                   "site"),
    PMT_OPT_CHOICE('k', "kind", "KIND", struct pmt_live_options, kind, kind_names,
                   "count blocks (alloc), objects, or what there is",
                   .preset = "any"),
    PMT_OPT_INT('n', "top", "N", struct pmt_live_options, top,
                "show the N largest", .preset = "20", .low = 1),
    PMT_OPT_CHOICE(0, "sort", "WHAT", struct pmt_live_options, sort,
                   sort_names, "largest by WHAT first (age: of --list and "
                   "--pairs)", .preset = "bytes"),
    PMT_OPT_FLAG(0, "stacks", struct pmt_live_options, stacks,
                 "show who called, below each line (with --by stack and "
                 "site)"),
    PMT_OPT_FLAG('g', "growth", struct pmt_live_options, growth,
                 "how each type or site grew since the start, with a verdict, "
                 "such as steady leak or cache filling"),
    PMT_OPT_FLAG('l', "list", struct pmt_live_options, list,
                 "single blocks or objects: address, age, where made"),
    PMT_OPT_FLAG(0, "pairs", struct pmt_live_options, pairs,
                 "those that were made and destroyed again, with their life"),
    PMT_OPT_FLAG(0, "survivors", struct pmt_live_options, survivors,
                 "how much of what was made between two marks lives on"),
    PMT_OPT_STRING(0, "type", "GLOB", struct pmt_live_options, type,
                   "only objects of such types, with or without their module"),
    PMT_OPT_STRING(0, "site", "GLOB", struct pmt_live_options, site,
                   "only what was made at such sites: FILE, its last part, "
                   "FUNCTION, FILE:LINE FUNCTION"),
    PMT_OPT_STRING(0, "snapshot", "NAME|N", struct pmt_live_options, snapshot,
                   "show what the snapshot NAME, or number N, holds (NAME#2 "
                   "is the second of that name)"),
    PMT_OPT_FLAG(0, "quick", struct pmt_live_options, quick,
                 "count what came and went from the last live set on that the "
                 "trace states before the moment, and read no earlier records"),
    PMT_OPT_JSON(struct pmt_live_options, json),
    PMT_OPT_STRICT(struct pmt_live_options, strict),
    PMT_OPT_RECURSIVE(struct pmt_live_options, recursive),
    PMT_OPT_OUTPUT(struct pmt_live_options, output),
    PMT_OPT_FORCE(struct pmt_live_options, force),
    PMT_OPT_LAST
};

/* Says what can't be asked for together. */
static bool contradicts(const struct pmt_live_options *opt)
{
    if (pmt_live_views(opt) > 1)
        pmt_fail("only one of --growth, --list, --pairs and --survivors");
    else if (pmt_live_views(opt) && opt->snapshot)
        pmt_fail("--snapshot is not for --growth, --list, --pairs and "
                 "--survivors");
    else if ((opt->type || opt->site) && !pmt_live_views(opt))
        pmt_fail("--type and --site are for --growth, --list, --pairs and "
                 "--survivors");
    else if (opt->sort == PMT_LIVE_SORT_AGE && !opt->list && !opt->pairs)
        pmt_fail("--sort age is for --list and --pairs");
    else if (opt->sort == PMT_SORT_COUNT && pmt_live_views(opt))
        pmt_fail("--sort count is not for --growth, --list, --pairs and "
                 "--survivors");
    else if (opt->stacks && pmt_live_views(opt))
        pmt_fail("--stacks is not for --growth, --list, --pairs and "
                 "--survivors");
    else if (opt->by != PMT_LIVE_BY_KIND && (opt->list || opt->pairs))
        pmt_fail("--by is not for --list and --pairs");
    else if (opt->quick && (opt->snapshot || opt->growth || opt->pairs ||
                            opt->survivors))
        pmt_fail("--quick is not for --snapshot, --growth, --pairs and "
                 "--survivors");
    else if (opt->type && opt->kind == PMT_LIVE_ONLY_BLOCKS)
        pmt_fail("--type is not for --kind alloc");
    else
        return false;
    return true;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct pmt_live_options opt = {.by = PMT_LIVE_BY_KIND};
    struct pmt_inputs inputs;
    struct pmt_tables tables;
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = PMT_EXIT_OK;

    if (contradicts(&opt))
        return PMT_EXIT_TROUBLE;
    if (pmt_live_wanted(&opt) == 0)
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt.by], kind_names[opt.kind]);
    if (pmt_inputs_expand(&inputs, argv, count,
                          PMT_INPUTS_MOMENTS |
                              (opt.pairs ? 0 : PMT_INPUTS_EXIT) |
                              (opt.recursive ? PMT_INPUTS_RECURSIVE : 0)))
        return PMT_EXIT_TROUBLE;
    status = pmt_tables_open(&tables, opt.output, opt.force, opt.json);
    if (status == PMT_EXIT_OK) {
        for (size_t i = 0; i < inputs.count; i++)
            status = pmt_exit_worse(
                status, pmt_live_run(&opt, &inputs.item[i], &tables));
        status = pmt_tables_close(&tables, status);
    }
    pmt_inputs_release(&inputs);
    return status;
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
        "Where the trace states live sets, as each part of one that was "
        "archived with --split does, --quick begins at the last of them before "
        "the moment: rows are the same, what was allocated and freed and the "
        "peak are since then. Not for @peak, which is looked for in all.",
        "Without a moment all but --pairs is up to where the interpreter "
        "began to end, as far as that can be told: what it takes down then "
        "says nothing of the program.",
        "Without records of blocks the last snapshot not after the moment is "
        "shown, of @peak the largest; --snapshot chooses one.",
        "Of standard input (\"-\", \"-@mark:warm\") and pipes a copy is made "
        "in $TMPDIR, or /tmp, where it takes more than one pass: for a mark, "
        "the peak and the exit.",
        NULL},
    .examples = (const char *const[]){
        "pmt live a.pmt", "who made what is alive at the end",
        "pmt live --by type a.pmt@12.5s", "objects by type after 12.5 s",
        "pmt live -n 5 --by stack a.pmt@peak",
        "the five stacks that held most at the peak",
        "pmt live --quick a.pmt@mark:warm",
        "what was alive at a mark, without all that came before it",
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
