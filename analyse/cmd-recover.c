/* cmd-recover.c: the command `pmt recover`. The work is libpmt's. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "commands.h"
#include "open.h"
#include "pmt/journal.h"
#include "pmt/parts.h"
#include "pmt/recover.h"
#include "spool.h"

struct recover_options {
    struct pmt_common common; /* must come first */
    const char *output, *journal;
    bool force, json, strict, no_journal, in_place;
};

static const struct pmt_option options[] = {
    PMT_OPT_STRING('o', "output", "FILE", struct recover_options, output,
                   "write the whole trace to FILE; - is standard output"),
    PMT_OPT_FORCE(struct recover_options, force),
    PMT_OPT_STRING('j', "journal", "FILE", struct recover_options, journal,
                   "take records from this journal, not from TRACE.journal"),
    PMT_OPT_FLAG(0, "in-place", struct recover_options, in_place,
                 "finish each TRACE where it lies, and remove its journal"),
    PMT_OPT_FLAG(0, "no-journal", struct recover_options, no_journal,
                 "take records from the trace alone"),
    PMT_OPT_FLAG(0, "strict", struct recover_options, strict,
                 "status 1 also when something is missing"),
    PMT_OPT_FLAG(0, "json", struct recover_options, json,
                 "print what was done as one JSON object, on stderr"),
    PMT_OPT_LAST
};

/* ---- what was done ----------------------------------------------------- */

/* One line for each thing that is not in the result. */
static void warn_missing(const char *name, const struct pmt_recovery *r)
{
    char count[PMT_TEXT_SIZE], size[PMT_TEXT_SIZE];

    if (r->truncated)
        pmt_warn("%s: truncated: what comes before the cut is kept", name);
    if (r->damaged_places > r->truncated)
        pmt_warn("%s: %" PRIu64 " damaged place%s, the first at byte %" PRIu64,
                 name, r->damaged_places, pmt_text_plural(r->damaged_places),
                 r->first_damage);
    if (r->bytes_dropped > 0)
        pmt_warn("%s: %s byte%s (%s) dropped", name,
                 pmt_text_count(count, r->bytes_dropped),
                 pmt_text_plural(r->bytes_dropped),
                 pmt_text_size(size, r->bytes_dropped));
    if (r->chunks_missing > 0)
        pmt_warn("%s: %s chunk%s missing", name,
                 pmt_text_count(count, r->chunks_missing),
                 pmt_text_plural(r->chunks_missing));
    if (r->journal_lost > 0)
        pmt_warn("%s: %s event%s lost in recording", name,
                 pmt_text_count(count, r->journal_lost),
                 pmt_text_plural(r->journal_lost));
}

static void print_text(const char *name, const struct pmt_recovery *r)
{
    char chunks[PMT_TEXT_SIZE], records[PMT_TEXT_SIZE];

    warn_missing(name, r);
    if (r->was_complete)
        pmt_note("%s: was whole", name);
    pmt_note("%s: %s chunk%s, %s record%s kept", name,
             pmt_text_count(chunks, r->chunks_kept),
             pmt_text_plural(r->chunks_kept),
             pmt_text_count(records, r->records_kept),
             pmt_text_plural(r->records_kept));
    if (r->had_journal)
        pmt_note("%s: %s record%s taken from the journal", name,
                 pmt_text_count(records, r->journal_records),
                 pmt_text_plural(r->journal_records));
    if (r->streams_ended > 0)
        pmt_note("%s: %u stream%s ended", name, r->streams_ended,
                 pmt_text_plural(r->streams_ended));
}

static void print_json(const char *name, const struct pmt_recovery *r)
{
    struct pmt_json json;

    pmt_json_init(&json, stderr);
    pmt_json_line_begin(&json);
    pmt_json_string(&json, "file", name);
    pmt_json_bool(&json, "was_complete", r->was_complete);
    pmt_json_bool(&json, "truncated", r->truncated);
    pmt_json_u64(&json, "chunks_kept", r->chunks_kept);
    pmt_json_u64(&json, "records_kept", r->records_kept);
    pmt_json_u64(&json, "damaged_places", r->damaged_places);
    if (r->first_damage != PMT_NO_OFFSET && r->damaged_places > 0)
        pmt_json_u64(&json, "first_damage", r->first_damage);
    else
        pmt_json_null(&json, "first_damage");
    pmt_json_u64(&json, "bytes_dropped", r->bytes_dropped);
    pmt_json_u64(&json, "chunks_missing", r->chunks_missing);
    pmt_json_bool(&json, "had_journal", r->had_journal);
    pmt_json_u64(&json, "journal_records", r->journal_records);
    pmt_json_u64(&json, "journal_lost", r->journal_lost);
    pmt_json_u64(&json, "streams_ended", r->streams_ended);
    pmt_json_line_end(&json);
}

/* What was done with `name`. Returns the exit status. */
static int report_done(const struct recover_options *opt, const char *name,
                       const struct pmt_recovery *report)
{
    if (opt->json)
        print_json(name, report);
    else
        print_text(name, report);
    return opt->strict && (report->damaged_places > 0 ||
                           report->chunks_missing > 0 || report->truncated)
               ? PMT_EXIT_NO
               : PMT_EXIT_OK;
}

/* ---- a new file -------------------------------------------------------- */

/* No input is ever touched, also with -f, nor is the journal. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return strcmp(a, "-") != 0 && strcmp(b, "-") != 0 && stat(a, &x) == 0 &&
           stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Is `output` the trace, or a part of it that is beside it? */
static bool is_input(const char *trace, const char *output)
{
    size_t room = strlen(trace) + 16;
    char *name;
    bool same = same_file(trace, output);
    struct pmt_source source;
    uint8_t uuid[16];
    uint32_t part = 0;

    if (same || strcmp(trace, "-") == 0 ||
        pmt_source_open_file(&source, trace, NULL) != PMT_OK)
        return same;
    if (!pmt_source_part(&source, 0, uuid, &part))
        part = 0;
    pmt_source_close(&source);
    name = pmt_xcalloc(room, 1);
    while (part > 0 && !same && strcmp(output, "-") != 0 &&
           pmt_part_path(name, room, trace, --part) == PMT_OK &&
           access(name, F_OK) == 0)
        same = same_file(name, output);
    free(name);
    return same;
}

/* Not the journal that lies there by default when there is none. A new
 * string, or NULL. */
static char *journal_path(const struct recover_options *opt, const char *path)
{
    char *beside;

    if (opt->no_journal)
        return NULL;
    if (opt->journal != NULL)
        return pmt_xstrdup(opt->journal);
    if (strcmp(path, "-") == 0)
        return NULL;
    beside = pmt_xasprintf("%s%s", path, PMT_JOURNAL_SUFFIX);
    switch (pmt_trace_journal(path)) {
    case PMT_JOURNAL_BUSY:
    case PMT_JOURNAL_DEAD:
        return beside;
    case PMT_JOURNAL_WRONG:
        if (access(beside, R_OK) != 0)
            pmt_warn("%s: %s; what it holds is left out", beside,
                     strerror(errno));
        else
            pmt_warn("%s: not a journal, or damaged: left aside", beside);
        break;
    case PMT_JOURNAL_NONE:
        break;
    }
    free(beside);
    return NULL;
}

static int failed(const char *name, const struct pmt_error *err)
{
    if (err->code == PMT_ERR_BUSY)
        return pmt_fail("%s: its process still records: nothing to recover",
                        name);
    return pmt_fail("%s: %s", name, err->message);
}

static int recover(const struct recover_options *opt, const char *name,
                   struct pmt_source *source, uint64_t last_part_at,
                   const char *journal, struct pmt_recovery *report)
{
    struct pmt_output out;
    struct pmt_sink sink;
    struct pmt_error err;

    if (pmt_output_open(&out, opt->output,
                        PMT_OUTPUT_BINARY | PMT_OUTPUT_PRIVATE |
                            (opt->force ? PMT_OUTPUT_FORCE : 0)))
        return PMT_EXIT_TROUBLE;
    pmt_sink_to_fd(&sink, out.fd);
    if (pmt_recover_parts(source, last_part_at, journal, &sink, report,
                          &err) != PMT_OK) {
        pmt_output_abandon(&out);
        return failed(name, &err);
    }
    if (report->chunks_kept == 0 && report->journal_records == 0) {
        pmt_output_abandon(&out);
        pmt_fail("%s: nothing could be recovered", name);
        return PMT_EXIT_NO;
    }
    return pmt_output_commit(&out);
}

static int recover_one(const struct recover_options *opt, const char *path)
{
    struct pmt_recovery report;
    struct pmt_source source = {0};
    struct pmt_error err;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    uint64_t last_part_at = 0;
    char *journal, *again;
    int status;

    if (is_input(path, opt->output))
        return pmt_fail("%s: is the trace itself", opt->output);
    if (pmt_spool_once(path, &again))
        return PMT_EXIT_TROUBLE;
    /* First the journal: when its process is dead the files stay as they
     * are. */
    journal = journal_path(opt, path);
    status = pmt_source_open_trace(&source, again, &last_part_at, &err);
    free(again);
    if (status != PMT_OK) {
        free(journal);
        return failed(name, &err);
    }
    if (journal != NULL && same_file(journal, opt->output))
        status = pmt_fail("%s: is the journal itself", opt->output);
    else
        status = recover(opt, name, &source, last_part_at, journal,
                         &report);
    pmt_source_close(&source);
    free(journal);
    return status != PMT_EXIT_OK ? status : report_done(opt, name, &report);
}

/* ---- in place ---------------------------------------------------------- */

/* One that is recorded still, or whole, is left as it is. */
static int recover_in_place(const struct recover_options *opt,
                            const char *path)
{
    struct pmt_recovery report = {0};
    struct pmt_error err;
    char *journal = journal_path(opt, path);
    int code = pmt_recover_in_place(path, journal, -1, &report, &err);

    free(journal);
    if (code == PMT_ERR_BUSY) {
        pmt_note("%s: %s: left as it is", path, err.message);
        return PMT_EXIT_OK;
    }
    if (code == PMT_ERR_CORRUPT) {
        pmt_fail("%s: %s; recover it into another file, with -o", path,
                 err.message);
        return PMT_EXIT_NO;
    }
    return code != PMT_OK ? pmt_fail("%s: %s", path, err.message)
                          : report_done(opt, path, &report);
}

/* ---- the command ------------------------------------------------------- */

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct recover_options opt = {0};
    int status = PMT_EXIT_OK;
    int count = pmt_options_parse(command, argc, argv, &opt.common);

    if (opt.in_place && opt.output != NULL)
        return pmt_fail("--in-place has no output: give it or -o");
    if (!opt.in_place && opt.output == NULL)
        return pmt_fail("no output given: use -o FILE, or --in-place");
    if (!opt.in_place && count > 1)
        return pmt_fail("several traces: use --in-place");
    if (opt.journal != NULL && count > 1)
        return pmt_fail("--journal is of one trace");
    if (!opt.in_place)
        return recover_one(&opt, argv[0]);
    for (int i = 0; i < count; i++)
        status = pmt_exit_worse(status, recover_in_place(&opt, argv[i]));
    return status;
}

const struct pmt_command pmt_command_recover = {
    .name = "recover",
    .summary = "make a whole trace of a damaged or unfinished one",
    .usage = (const char *const[]){"[options] -o FILE TRACE",
                                   "[options] --in-place TRACE...", NULL},
    .description = (const char *const[]){
        "Copies every sound chunk of TRACE as it is, adds what is left in its "
        "journal (TRACE.journal, which lies there when the recorded process "
        "died), ends every stream that has no end, and writes an index. TRACE "
        "and the journal are not changed.",
        "Of a flight recorder all parts that are there (TRACE.000012, ... and "
        "TRACE, the newest) become one file; what was let go before the first "
        "is not missing.",
        "With --in-place each TRACE is finished where it lies, and its journal "
        "removed: what was written stays as it is, and the rest is written "
        "behind it. One whose process still records is left alone, one that "
        "is damaged otherwise than by a cut end too (status 1).",
        "What is missing from the result is said on stderr, one line a "
        "thing; -v says what was kept too.",
        NULL},
    .examples = (const char *const[]){
        "pmt recover -o whole.pmt a.pmt",
        "what was recorded up to a crash, as a whole trace",
        "pmt recover --in-place /var/tmp/worker-*.pmt",
        "finish the traces of all workers that died", NULL},
    .exit_status = (const char *const[]){
        "FILE (or TRACE) is whole, though something may be missing from it",
        "nothing could be recovered; no FILE, or TRACE as it was",
        "trouble: TRACE is no trace, its process still records, no space"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
