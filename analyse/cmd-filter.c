/* cmd-filter.c: the command `pmt filter`. The work is filter.c's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/errors.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "commands.h"
#include "filter-seek.h"
#include "filter.h"
#include "inputs.h"
#include "names.h"
#include "open.h"
#include "spool.h"

#define LEVEL 3 /* of zstd: what is written again is little */

struct filter_options {
    struct pmt_common common; /* must come first */
    const char *output, *from, *to;
    bool force, count, no_carry, json, strict;
};

static const struct pmt_option options[] = {
    PMT_OPT_OUTPUT(struct filter_options, output),
    PMT_OPT_FORCE(struct filter_options, force),
    PMT_OPT_STRING(0, "from", "MOMENT", struct filter_options, from,
                   "keep what is not before a moment: 12.5s, mark:NAME, "
                   "wall:DATE, peak"),
    PMT_OPT_STRING(0, "to", "MOMENT", struct filter_options, to,
                   "keep what is not after a moment"),
    PMT_OPT_FLAG('c', "count", struct filter_options, count,
                 "write no trace, print how many records of each kind would "
                 "be kept"),
    PMT_OPT_FLAG(0, "no-carry", struct filter_options, no_carry,
                 "begin reading where the window does; what was live there is "
                 "not known"),
    PMT_OPT_FLAG(0, "json", struct filter_options, json,
                 "print the counts as JSON, with --count"),
    PMT_OPT_STRICT(struct filter_options, strict),
    PMT_OPT_LAST
};

/* All that one run needs. */
struct job {
    const struct filter_options *opt;
    struct pmt_expression x;
    struct pmt_filter_bound *bounds;
    size_t bound_count;
    struct pmt_instant *alive;   /* by test of lives */
    struct pmt_filter lives;     /* a first pass */
    struct pmt_trace lives_in;
    bool has_lives;
    struct pmt_filter_seek seek; /* pieces NULL: the whole is read */
};

static void release(struct job *job)
{
    pmt_filter_release(&job->lives);
    if (job->has_lives)
        pmt_trace_release(&job->lives_in);
    pmt_filter_seek_release(&job->seek);
    pmt_expression_release(&job->x);
    free(job->bounds);
    free(job->alive);
}

/* ---- what is asked for --------------------------------------------------- */

static int read_expressions(struct job *job, int count, char **texts)
{
    const struct filter_options *opt = job->opt;
    char why[PMT_WHY_SIZE];

    for (int i = 0; i < count; i++)
        if (pmt_expression_add(&job->x, texts[i], why, sizeof why))
            return pmt_fail("%s: %s", texts[i], why);
    if (opt->from && pmt_expression_add_time(&job->x, PMT_FROM, opt->from,
                                             why, sizeof why))
        return pmt_fail("--from %s: %s", opt->from, why);
    if (opt->to && pmt_expression_add_time(&job->x, PMT_UP_TO, opt->to, why,
                                           sizeof why))
        return pmt_fail("--to %s: %s", opt->to, why);
    if (pmt_input_check_window(opt->from, opt->to))
        return PMT_EXIT_TROUBLE;
    if (opt->json && !opt->count)
        return pmt_fail("--json is for --count");
    if (opt->no_carry && job->x.lives > 0)
        return pmt_fail("--no-carry does not go with alive and lived, which "
                        "need the whole trace");
    return PMT_EXIT_OK;
}

/* The moments of times and of `alive`, found in the trace. */
static int find_moments(struct job *job, const struct pmt_trace *in)
{
    const struct pmt_node *node;

    job->bounds = calloc(job->x.count + 1, sizeof *job->bounds);
    job->alive = calloc(job->x.lives + 1, sizeof *job->alive);
    if (!job->bounds || !job->alive)
        return pmt_fail("out of memory");
    for (size_t i = 0;
         (node = pmt_expression_test(&job->x, PMT_FIELD_TIME, i)); i++) {
        struct pmt_filter_bound *bound = &job->bounds[job->bound_count++];

        bound->relation = node->relation;
        if (pmt_trace_find(in, &node->moment, &bound->instant))
            return PMT_EXIT_TROUBLE;
    }
    for (size_t i = 0;
         (node = pmt_expression_test(&job->x, PMT_FIELD_ALIVE, i)); i++)
        if (pmt_trace_find(in, &node->moment, &job->alive[node->life]))
            return PMT_EXIT_TROUBLE;
    return PMT_EXIT_OK;
}

/* ---- passes -------------------------------------------------------------- */

/* A chunk that is to be copied turned out to be damaged: it is lost. */
static void note_damage(struct pmt_trace *in, const struct pmt_error *err)
{
    struct pmt_event damage = {
        .type = PMT_EVENT_DAMAGE, .damage = *err, .data_lost = true};

    pmt_health_note(&in->health, &damage);
}

/* The next chunk of the pieces: the gaps between them are meant. */
static int next_of_pieces(const struct pmt_extents *pieces,
                          struct pmt_trace *in, struct pmt_event *event,
                          struct pmt_error *err)
{
    int code = pmt_reader_next(in->reader, event, err);
    struct pmt_event shown;
    uint64_t at, of;

    if (code != PMT_OK)
        return code;
    event->seq_missing = 0;
    shown = *event;
    if (event->type == PMT_EVENT_DAMAGE &&
        event->damage.offset != PMT_NO_OFFSET)
        shown.damage.offset = pmt_extents_origin(pieces, event->damage.offset);
    pmt_health_note(&in->health, &shown);
    pmt_reader_position(in->reader, &at, &of);
    pmt_progress_update(&in->progress, at);
    return code;
}

/* `pieces`: what is read, NULL for all. PMT_OK or negative. */
static int go_through(struct pmt_filter *f, struct pmt_trace *in,
                      const struct pmt_extents *pieces, struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pieces ? next_of_pieces(pieces, in, &event, err)
                          : pmt_trace_next(in, &event, err)) == PMT_OK) {
        code = pmt_filter_take(f, in->reader, &event, err);
        if (code == PMT_ERR_CORRUPT)
            note_damage(in, err);
        else if (code != PMT_OK)
            return code;
    }
    return code == PMT_END ? pmt_filter_finish(f, err) : code;
}

/* Tests of lives: who lived how long is known only at the end. */
static int first_pass(struct job *job, const struct pmt_trace *in)
{
    struct pmt_reader_options reading = {0};
    struct pmt_error err;

    if (job->x.lives == 0)
        return PMT_EXIT_OK;
    pmt_filter_init(&job->lives, &job->x, NULL);
    job->lives.first_pass = true;
    job->lives.alive = job->alive;
    pmt_filter_options(&job->lives, &reading);
    if (pmt_trace_open(&job->lives_in, in->path, &job->opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    job->has_lives = true;
    if (go_through(&job->lives, &job->lives_in, NULL, &err)) {
        job->has_lives = false;
        return pmt_trace_failed(&job->lives_in, &err);
    }
    return PMT_EXIT_OK;
}

/* ---- results ------------------------------------------------------------- */

static void print_counts(const struct pmt_filter *f, bool as_json, FILE *file)
{
    char count[PMT_TEXT_SIZE];
    struct pmt_json json;

    if (!as_json) {
        for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
            if (f->seen[kind] > 0)
                fprintf(file, "%-9s %15s of %s\n", pmt_kind_name(kind),
                        pmt_text_count(count, f->kept[kind]),
                        pmt_text_count((char[PMT_TEXT_SIZE]){0},
                                       f->seen[kind]));
        fprintf(file, "%-9s %15s\n", "all",
                pmt_text_count(count, pmt_filter_count(f)));
        return;
    }
    pmt_json_init(&json, file);
    pmt_json_line_begin(&json);
    pmt_json_u64(&json, "records", pmt_filter_count(f));
    pmt_json_u64(&json, "carried", f->carried);
    pmt_json_object_begin(&json, "kinds");
    for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
        if (f->seen[kind] > 0)
            pmt_json_u64(&json, pmt_kind_name(kind), f->kept[kind]);
    pmt_json_object_end(&json);
    pmt_json_line_end(&json);
}

static void say(const struct pmt_filter *f, const struct pmt_trace *in)
{
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE];

    if (f->carry_lossy && f->carried > 0)
        pmt_warn("%s: events were lost before the window: what was live "
                 "there may be wrong", in->name);
    pmt_note("%s: %s records kept, %s blocks were live where the window "
             "begins", in->name, pmt_text_count(a, pmt_filter_count(f)),
             pmt_text_count(b, f->carried));
}

/* The output, and whether it was what failed. */
struct writing {
    struct pmt_sink sink;
    bool failed;
};

static int write_out(void *context, const void *bytes, size_t n,
                     struct pmt_error *err)
{
    struct writing *w = context;
    int code = w->sink.write(w->sink.context, bytes, n, err);

    w->failed = code != PMT_OK;
    return code;
}

/* Also with -f the trace that is read is never written to. */
static int refuse_input(const char *output, const char *path)
{
    struct stat out, in;

    if (output && strcmp(output, "-") && stat(output, &out) == 0 &&
        S_ISREG(out.st_mode) && strcmp(path, "-") && stat(path, &in) == 0 &&
        in.st_dev == out.st_dev && in.st_ino == out.st_ino)
        return pmt_fail("%s: is the trace that is read", output);
    return PMT_EXIT_OK;
}

/* `in` is open. Returns an exit status; closes `in`. */
static int filter_trace(struct job *job, struct pmt_trace *in,
                        struct pmt_filter *f, struct pmt_output *out)
{
    const struct filter_options *opt = job->opt;
    struct writing writing = {.failed = false};
    struct pmt_sink sink = {&writing, write_out};
    struct pmt_error err;
    int code = PMT_OK, status;

    pmt_sink_to_fd(&writing.sink, out->fd);
    if (!opt->count)
        code = pmt_rewriter_new(&f->out, &sink, LEVEL, &err);
    if (code == PMT_OK)
        code = go_through(f, in, job->seek.pieces, &err);
    pmt_rewriter_free(f->out);
    if (writing.failed) {
        status = pmt_fail("%s: %s", out->path, err.message);
        pmt_trace_release(in);
        pmt_output_abandon(out);
        return status;
    }
    if (code != PMT_OK) {
        pmt_output_abandon(out);
        return pmt_trace_failed(in, &err);
    }
    if (pmt_trace_refused(in)) {
        pmt_output_abandon(out);
        pmt_trace_release(in);
        return PMT_EXIT_TROUBLE;
    }
    if (opt->count)
        print_counts(f, opt->json, out->file);
    say(f, in);
    status = pmt_filter_count(f) + f->carried > 0 ? PMT_EXIT_OK : PMT_EXIT_NO;
    if (status == PMT_EXIT_NO && !opt->count)
        pmt_warn("%s: no record is kept (--count says how many there "
                 "are of each kind)", in->name);
    status = pmt_trace_close(in, status, opt->strict);
    return pmt_exit_worse(status, pmt_output_commit(out));
}

/* Where there is a window and an index, only what it needs is read: then `in`
 * is opened anew. */
static int seek(struct job *job, struct pmt_filter *f, struct pmt_trace *in,
                const char *path, const struct pmt_reader_options *reading)
{
    struct pmt_source source;
    struct pmt_error err;
    int code;

    f->bounds = job->bounds;
    f->bound_count = job->bound_count;
    f->lives = job->x.lives > 0 ? &job->lives : NULL;
    if (!pmt_trace_reopens(path) ||
        pmt_trace_journal(path) != PMT_JOURNAL_NONE)
        return PMT_EXIT_OK;
    code = pmt_filter_seek(&job->seek, f, path, &err);
    if (code == PMT_END)
        return PMT_EXIT_OK;
    if (code != PMT_OK) {
        pmt_fail("%s: %s", path, err.message);
        return PMT_EXIT_TROUBLE;
    }
    pmt_trace_release(in);
    pmt_extents_source(job->seek.pieces, &source);
    code = pmt_trace_from_source(in, &source, path, reading, &err);
    return code == PMT_OK ? PMT_EXIT_OK : pmt_fail("%s: %s", path, err.message);
}

static int open_and_filter(struct job *job, const char *path)
{
    const struct filter_options *opt = job->opt;
    struct pmt_reader_options reading = {0};
    struct pmt_filter f;
    struct pmt_output out;
    struct pmt_trace in;
    int status;

    pmt_filter_init(&f, &job->x, NULL);
    f.no_carry = opt->no_carry;
    pmt_filter_options(&f, &reading);
    if (pmt_trace_open(&in, path, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    status = find_moments(job, &in);
    if (status == PMT_EXIT_OK)
        status = first_pass(job, &in);
    if (status == PMT_EXIT_OK)
        status = seek(job, &f, &in, path, &reading);
    if (status == PMT_EXIT_OK)
        status = pmt_output_open(&out, opt->output,
                                 (opt->count ? 0 : PMT_OUTPUT_BINARY |
                                                       PMT_OUTPUT_PRIVATE) |
                                     (opt->force ? PMT_OUTPUT_FORCE : 0));
    if (status != PMT_EXIT_OK) {
        pmt_trace_release(&in);
        return status;
    }
    status = filter_trace(job, &in, &f, &out);
    pmt_filter_release(&f);
    return status;
}

/* Is it read more than once? */
static bool takes_passes(const struct job *job)
{
    const struct pmt_node *node;
    bool takes = job->x.lives > 0;

    for (size_t i = 0;
         (node = pmt_expression_test(&job->x, PMT_FIELD_TIME, i)); i++)
        takes |= pmt_moment_takes_pass(&node->moment);
    return takes;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct filter_options opt = {.output = NULL};
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    struct job job = {.opt = &opt};
    char *again = NULL;
    int status;

    pmt_expression_init(&job.x);
    status = read_expressions(&job, count - 1, argv);
    if (status == PMT_EXIT_OK)
        status = refuse_input(opt.output, argv[count - 1]);
    if (status == PMT_EXIT_OK)
        status = takes_passes(&job) ? pmt_spool_once(argv[count - 1], &again)
                                    : PMT_EXIT_OK;
    if (status == PMT_EXIT_OK)
        status = open_and_filter(&job, again ? again : argv[count - 1]);
    free(again);
    release(&job);
    return status;
}

const struct pmt_command pmt_command_filter = {
    .name = "filter",
    .summary = "write a trace with some of the records of another",
    .usage = (const char *const[]){"[options] [EXPRESSION]... FILE", NULL},
    .description = (const char *const[]){
        "Writes the records for which all EXPRESSIONs hold, as a trace that "
        "every command reads, to standard output or to the file of -o. With "
        "--count only counts them.",
        "An expression is made of tests, joined by \"and\", \"or\", \"not\" "
        "(also \"&&\", \"||\", \"!\") and parentheses; \"and\" binds more "
        "closely than \"or\". A value is a word or \"in quotes\". In patterns "
        "\"*\" stands for any text, \"?\" for a byte, \"[a-z]\" for one of "
        "these, \"[!a-z]\" for another.",
        "  any   = all { (\"or\" | \"||\") all }\n"
        "  all   = one { (\"and\" | \"&&\") one }\n"
        "  one   = (\"not\" | \"!\") one | \"(\" any \")\" | test\n"
        "  test  = NAME (\"==\" | \"=\" | \"!=\") PATTERN\n"
        "        | NUMBER-NAME (\"==\" | \"=\" | \"!=\" | \"<\" | \"<=\" | \">\" | "
        "\">=\") NUMBER\n"
        "        | \"time\" (\"<\" | \"<=\" | \">\" | \">=\") MOMENT\n"
        "        | \"stack\" \"contains\" PATTERN\n"
        "        | \"alive\" \"at\" MOMENT",
        "NAME: kind (alloc, object, call, ...), type, file, function, module "
        "(json.decoder), label, cfunction, thread, domain (raw, mem, obj, "
        "native), text (of a mark; name of a snapshot), process (its command "
        "line), stream (its key). File, function, module and line are those "
        "of the innermost site of the stack; \"stack contains\" looks at the "
        "file, the function and \"file:line function\" of every frame.",
        "NUMBER-NAME: size (in bytes: 512, 64k), line, pid, lived (how long a "
        "block lived: 200ms, 5s; one that was not released has lived longer "
        "than any time).",
        "MOMENT: 12.5s, mark:NAME, mark:NAME#3, wall:2026-11-21T03:57:20Z, "
        "peak, end. \"time\" may only be joined by \"and\" to the rest: the "
        "result is one window of time. --from and --to do the same.",
        "A test of what a record does not have is false: \"type == dict\" "
        "drops marks, \"type == dict or kind == mark\" keeps them. Clock "
        "anchors and records of lost events always stay.",
        "Records of blocks and objects are asked about the block: its "
        "release is kept when its making was, whatever thread released it. So "
        "what is live at any moment is what was live and is asked for. "
        "Releases of blocks that were made before recording began are kept "
        "only where nothing is asked about blocks. Where a release was not "
        "seen and the block that took its place is left out, a release is "
        "put in.",
        "A window begins with what is live there, so that live totals in it "
        "are right. For that the records of blocks before it are read, from "
        "the last live set on that is in the trace (a flight recorder's parts "
        "and windows begin with one), else from its beginning. With "
        "--no-carry, and where no blocks or objects are kept (kind == call), "
        "only the window and the tables that it needs are read. Both are so "
        "for files that have an index and no journal; others, and pipes, are "
        "read as a whole. Damage in what is not read is not reported.",
        "\"alive\" and \"lived\" need two passes, and look at the whole trace "
        "as it is: ask for them before a window is cut off, or in the same "
        "command.",
        "Chunks that are kept as a whole are copied as they are. A chunk that "
        "this version does not know is left out, with a warning.",
        NULL},
    .examples = (const char *const[]){
        "pmt filter 'type == dict' -o dicts.pmt a.pmt",
        "the life of every dict",
        "pmt filter --from mark:warm --to end -o warm.pmt a.pmt",
        "from the first mark \"warm\" to the end, with what was live there",
        "pmt filter 'size >= 1k and not file == \"*/json/*\"' a.pmt | "
        "pmt live -",
        "larger blocks that json did not ask for",
        "pmt filter 'stack contains handler or kind == mark' -o h.pmt a.pmt",
        "what handler and all that it called made, and the marks",
        "pmt filter --count 'lived < 1ms' a.pmt",
        "how many records are of blocks that lived less than a millisecond",
        "pmt filter 'alive at peak' -o peak.pmt a.pmt",
        "the blocks that were alive at the peak, from birth to death", NULL},
    .exit_status = (const char *const[]){
        "records were kept",
        "none was, or the trace is corrupt: what is sound of it was filtered",
        "an argument is wrong, the trace could not be read, is of a later "
        "version, or the result could not be written"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
