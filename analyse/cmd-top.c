/* cmd-top.c: the command `pmt top`. */
#include "cli/errors.h"
#include "commands.h"
#include "inputs.h"
#include "open.h"
#include "tables.h"
#include "together.h"
#include "top-options.h"
#include "top-report.h"

static const char *const kind_names[] = {"any",  "alloc", "object",
                                         "call", "line",  NULL};

static const struct pmt_option options[] = {
    PMT_OPT_CHOICE('b', "by", "KEY", struct pmt_top_options, by,
                   pmt_group_by_names,
                   "one row for each KEY; without it objects by type and "
                   "blocks by site"),
    PMT_OPT_FLAG(0, "cumulative", struct pmt_top_options, cumulative,
                 "count a block for every frame of its stack, not the "
                 "innermost alone"),
    PMT_OPT_FLAG(0, "every-frame", struct pmt_top_options, every_frame,
                 "with --cumulative, count it again for each frame that falls "
                 "into the same row, as tracemalloc does"),
    PMT_OPT_CHOICE('k', "kind", "KIND", struct pmt_top_options, kind, kind_names,
                   "count blocks (alloc), objects, what functions did (call) "
                   "or lines (line), or what there is: of these, call and "
                   "line where there is nothing else",
                   .preset = "any"),
    PMT_OPT_INT('n', "top", "N", struct pmt_top_options, top,
                "show N rows", .preset = "20", .low = 1),
    PMT_OPT_SET(0, "show", "LIST", struct pmt_top_options, show,
                pmt_top_show_names, "show these columns",
                .preset = "live,allocated"),
    PMT_OPT_CHOICE(0, "sort", "WHAT", struct pmt_top_options, sort,
                   pmt_top_sort_names,
                   "largest by WHAT first; without it by bytes, or with "
                   "--by size by size"),
    PMT_OPT_FLAG(0, "stacks", struct pmt_top_options, stacks,
                 "show who called, below each line (with --by stack, "
                 "traceback and site)"),
    PMT_OPT_INT(0, "temporary", "N", struct pmt_top_options, within,
                "temporary is what its thread gives back before it has made "
                "N more", .preset = "1", .low = 1,
                .high = PMT_PROFILE_WITHIN_MAX),
    PMT_OPT_HEADING("When and where"),
    PMT_OPT_STRING(0, "from", "MOMENT", struct pmt_top_options, from,
                   "count only what was made after MOMENT"),
    PMT_OPT_STRING(0, "to", "MOMENT", struct pmt_top_options, to,
                   "stop at MOMENT, as FILE@MOMENT does"),
    PMT_OPT_DURATION(0, "every", "TIME", struct pmt_top_options, every_ns,
                     "replay: a table of what was live at each TIME, with what "
                     "changed since the one before"),
    PMT_OPT_FLAG(0, "first", struct pmt_top_options, first,
                 "with --every, what changed since the first table"),
    PMT_OPT_FLAG(0, "high-water", struct pmt_top_options, high_water,
                 "stop where most bytes were live, of all streams together"),
    PMT_OPT_PATTERNS(struct pmt_top_options),
    PMT_OPT_HEADING("Output"),
    PMT_OPT_FLAG(0, "each", struct pmt_top_options, each,
                 "a table of each FILE, not one of all together"),
    PMT_OPT_JSON(struct pmt_top_options, json),
    PMT_OPT_STRICT(struct pmt_top_options, strict),
    PMT_OPT_RECURSIVE(struct pmt_top_options, recursive),
    PMT_OPT_OUTPUT(struct pmt_top_options, output),
    PMT_OPT_FORCE(struct pmt_top_options, force),
    PMT_OPT_LAST
};

/* Options that don't go together. */
static int check(const struct pmt_top_options *opt)
{
    if (opt->kind >= PMT_TOP_CALL && opt->by != PMT_TOP_BY_KIND &&
        !pmt_calls_by((enum pmt_group_by)opt->by))
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt->by], kind_names[opt->kind]);
    if (opt->kind < PMT_TOP_CALL && pmt_top_wanted(opt) == 0)
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt->by], kind_names[opt->kind]);
    if (opt->cumulative &&
        (opt->by == PMT_TOP_BY_KIND
             ? pmt_top_wanted(opt) == PMT_LIVE_OBJECT
             : !pmt_group_has_frames((enum pmt_group_by)opt->by)))
        return pmt_fail("--cumulative is for keys of frames: site, file, "
                        "lineno, function, module, stack, traceback");
    if (opt->every_frame && !opt->cumulative)
        return pmt_fail("--every-frame needs --cumulative");
    if (opt->sort == PMT_TOP_BY_CLASS && opt->by != PMT_BY_SIZE)
        return pmt_fail("--sort size needs --by size");
    if (opt->first && !opt->every_ns)
        return pmt_fail("--first needs --every");
    if (opt->kind >= PMT_TOP_CALL &&
        (opt->every_ns || opt->high_water || opt->cumulative))
        return pmt_fail("--every, --high-water and --cumulative are not for "
                        "--kind %s", kind_names[opt->kind]);
    if (opt->kind >= PMT_TOP_CALL
            ? opt->sort > PMT_TOP_BY_COUNT && opt->sort < PMT_TOP_BY_OWN
            : opt->kind != PMT_TOP_ANY && opt->sort >= PMT_TOP_BY_OWN)
        return pmt_fail("--sort %s is not for --kind %s",
                        pmt_top_sort_names[opt->sort], kind_names[opt->kind]);
    if (opt->every_ns && opt->high_water)
        return pmt_fail("--every and --high-water exclude each other");
    if (opt->every_ns && opt->sort > PMT_TOP_BY_AVERAGE &&
        opt->sort != PMT_TOP_BY_CLASS)
        return pmt_fail("--every is sorted by bytes, count, average or size");
    if (opt->show == 0)
        return pmt_fail("--show: nothing to show");
    return pmt_input_check_window(opt->from, opt->to);
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct pmt_top_options opt = {.by = PMT_TOP_BY_KIND,
                                  .sort = PMT_TOP_SORT_SHOWN};
    struct pmt_inputs inputs;
    struct pmt_tables tables;
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = check(&opt), damage = PMT_EXIT_OK;
    bool again = opt.high_water || pmt_input_moment_again(opt.from) ||
                 pmt_input_moment_again(opt.to);

    if (status != PMT_EXIT_OK ||
        pmt_inputs_expand(&inputs, argv, count,
                          PMT_INPUTS_MOMENTS | PMT_INPUTS_EXIT |
                              (again ? PMT_INPUTS_AGAIN : 0) |
                              (opt.recursive ? PMT_INPUTS_RECURSIVE : 0)))
        return PMT_EXIT_TROUBLE;
    if (!opt.each)
        status = pmt_inputs_together(&inputs, &opt.common, opt.strict, &damage);
    if (status == PMT_EXIT_OK)
        status = pmt_tables_open(&tables, opt.output, opt.force, opt.json);
    if (status == PMT_EXIT_OK) {
        for (size_t i = 0; i < inputs.count; i++)
            status = pmt_exit_worse(
                status, pmt_top_run(&opt, &inputs.item[i], &tables));
        status = pmt_tables_close(&tables, pmt_exit_worse(status, damage));
    }
    pmt_inputs_release(&inputs);
    pmt_options_release(command, &opt.common);
    return status;
}

const struct pmt_command pmt_command_top = {
    .name = "top",
    .summary = "show what allocates most, and what becomes of it",
    .usage = (const char *const[]){"[options] FILE[@MOMENT]...", NULL},
    .description = (const char *const[]){
        "Counts for each site, type, file, thread and so on what is alive at "
        "a moment and what was allocated up to it: bytes, count and average, "
        "as Python's tracemalloc does, from the records of blocks, of objects "
        "or, where no blocks were recorded, from a snapshot. Of a trace of "
        "calls or lines it counts these.",
        "Without a moment what is live is that where the interpreter began to "
        "end, as far as that can be told; FILE@end is the very end. What was "
        "allocated is all of the recording then. Where nothing is live rows "
        "are sorted by what was allocated.",
        "Of several FILEs there is one table, as of what pmt-merge(1) makes of "
        "them: --by process tells them apart, a stream that is in two of them "
        "counts once, and a mark is the first one of its name in time. Where "
        "they end with a moment it must be the same. --each makes a table of "
        "each. A FILE may be a folder, which stands for every *.pmt in it, or "
        "a pattern in quotes (\"runs/*.pmt\").",
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
        "Of calls (--kind call) there is a row for each function, C functions "
        "too: how often it was called, the time that it took, by itself "
        "(own) and with what it called (total), and by how much the resident "
        "set size of the process grew meanwhile, where the records have that. "
        "Of lines (--kind line) how often they ran too; --by lineno shows "
        "each. Times are those of the recorded program, recording included.",
        "--every shows a table of what was live, by any key, at each of these "
        "times since the trace or --from began, and at the last moment: as if "
        "one had watched the program. Of several processes each is there while "
        "it lives. Other columns than these have no meaning there.",
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
        "pmt top --by process a.pmt b.pmt c.pmt",
        "what each of several processes has",
        "pmt top --every 10s -n 5 --by file a.pmt",
        "the five files that held most, every 10 seconds",
        "pmt top --kind call --sort bytes a.pmt",
        "the functions while which the process grew most",
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
