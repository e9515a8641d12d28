/* cmd-check.c: the command `pmt check`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "commands.h"
#include "names.h"
#include "open.h"

struct check_options {
    struct pmt_common common; /* must come first */
    const char *output;
    bool force, json, strict;
};

static const struct pmt_option options[] = {
    PMT_OPT_JSON(struct check_options, json),
    PMT_OPT_FLAG(0, "strict", struct check_options, strict,
                 "status 1 also for loss, missing ends, unchecked chunks"),
    PMT_OPT_OUTPUT(struct check_options, output),
    PMT_OPT_FORCE(struct check_options, force),
    PMT_OPT_LAST
};

struct printer {
    FILE *file;
    struct pmt_json *json; /* NULL: text */
    const struct pmt_trace *trace;
    const char *name;      /* of the trace */
};

/* The name of the file in which something was found, and its byte there. A new
 * string. */
static char *file_of(const struct printer *p,
                     const struct pmt_finding *finding, uint64_t *offset)
{
    *offset = finding->offset;
    return finding->offset == PMT_NO_OFFSET
               ? pmt_xstrdup(p->name)
               : pmt_trace_file_of(p->trace, offset);
}

/* ---- text -------------------------------------------------------------- */

/* "a.pmt: corrupt at byte 8192: the checksum differs (stream …, alloc)" */
static void print_finding(void *context, const struct pmt_finding *finding)
{
    struct printer *p = context;
    char key[PMT_KEY_SIZE];
    const char *kind = pmt_kind_name(finding->kind);
    uint64_t offset;
    char *name = file_of(p, finding, &offset);

    pmt_text_write(p->file, name, strlen(name));
    free(name);
    fprintf(p->file, ": %s", pmt_finding_status_name(finding->status));
    if (finding->offset != PMT_NO_OFFSET)
        fprintf(p->file, " at byte %" PRIu64, offset);
    fprintf(p->file, ": %s", finding->message);
    if (finding->has_stream)
        fprintf(p->file, " (stream %s%s%s)",
                pmt_name_key(key, finding->stream_key), kind ? ", " : "",
                kind ? kind : "");
    putc('\n', p->file);
}

static void print_findings_count(struct printer *p,
                                 const struct pmt_check_report *report)
{
    const char *before = "";

    for (int i = 0; i < PMT_FOUND_STATUSES; i++) {
        if (report->found[i] == 0)
            continue;
        fprintf(p->file, "%s%" PRIu64 " %s", before, report->found[i],
                pmt_finding_status_name((enum pmt_finding_status)i));
        before = ", ";
    }
}

/* "a.pmt: sound: 12 chunks, 3,456 records, 1.2 MiB in 1 stream" */
static void print_summary(struct printer *p,
                          const struct pmt_check_report *report)
{
    char chunks[PMT_TEXT_SIZE], records[PMT_TEXT_SIZE], size[PMT_TEXT_SIZE];

    pmt_text_write(p->file, p->name, strlen(p->name));
    fprintf(p->file, ": %s: %s chunk%s, %s record%s, %s in %" PRIu64
            " stream%s",
            pmt_check_damaged(report) ? "damaged" : "sound",
            pmt_text_count(chunks, report->chunks),
            report->chunks == 1 ? "" : "s",
            pmt_text_count(records, report->records),
            report->records == 1 ? "" : "s",
            pmt_text_size(size, report->bytes), report->streams,
            report->streams == 1 ? "" : "s");
    if (report->lost > 0)
        fprintf(p->file, "; %s event%s lost in recording",
                pmt_text_count(records, report->lost),
                report->lost == 1 ? "" : "s");
    if (pmt_check_damaged(report)) {
        fprintf(p->file, "; ");
        print_findings_count(p, report);
        fprintf(p->file, "; %s bytes in damaged places",
                pmt_text_count(records, report->bytes_damaged));
    }
    putc('\n', p->file);
}

/* ---- JSON -------------------------------------------------------------- */

static void json_finding(void *context, const struct pmt_finding *finding)
{
    struct printer *p = context;
    struct pmt_json *j = p->json;
    const char *kind = pmt_kind_name(finding->kind);
    char key[PMT_KEY_SIZE];
    uint64_t offset;
    char *name = file_of(p, finding, &offset);

    pmt_json_line_begin(j);
    pmt_json_string(j, "file", name);
    free(name);
    pmt_json_string(j, "status", pmt_finding_status_name(finding->status));
    if (finding->offset != PMT_NO_OFFSET)
        pmt_json_u64(j, "offset", offset);
    if (finding->has_stream)
        pmt_json_string(j, "stream", pmt_name_key(key, finding->stream_key));
    if (kind != NULL)
        pmt_json_string(j, "kind", kind);
    pmt_json_string(j, "message", finding->message);
    pmt_json_line_end(j);
}

static void json_summary(struct printer *p,
                         const struct pmt_check_report *report)
{
    struct pmt_json *j = p->json;

    pmt_json_line_begin(j);
    pmt_json_string(j, "file", p->name);
    pmt_json_bool(j, "sound", !pmt_check_damaged(report));
    pmt_json_u64(j, "streams", report->streams);
    pmt_json_u64(j, "chunks", report->chunks);
    pmt_json_u64(j, "records", report->records);
    pmt_json_u64(j, "entries", report->entries);
    pmt_json_u64(j, "indexes", report->indexes);
    pmt_json_u64(j, "foreign", report->foreign);
    pmt_json_u64(j, "bytes", report->bytes);
    pmt_json_u64(j, "bytes_damaged", report->bytes_damaged);
    pmt_json_u64(j, "lost", report->lost);
    for (int i = 0; i < PMT_FOUND_STATUSES; i++)
        if (i != PMT_FOUND_LOSS)
            pmt_json_u64(j,
                         pmt_finding_status_name((enum pmt_finding_status)i),
                         report->found[i]);
    pmt_json_line_end(j);
}

/* ---- the command ------------------------------------------------------- */

static int status_of(const struct pmt_check_report *report, bool strict)
{
    if (pmt_check_damaged(report))
        return PMT_EXIT_NO;
    if (strict && (report->found[PMT_FOUND_INCOMPLETE] > 0 ||
                   report->found[PMT_FOUND_LOSS] > 0 ||
                   report->found[PMT_FOUND_UNCHECKED] > 0))
        return PMT_EXIT_NO;
    return PMT_EXIT_OK;
}

static int check_trace(const struct check_options *opt, const char *operand,
                       FILE *file, struct pmt_json *json)
{
    /* The file is checked as it is, without what waits in a journal. */
    static const struct pmt_reader_options reader = {.no_journal = true};
    struct pmt_trace in;
    struct printer printer = {.file = file, .json = opt->json ? json : NULL,
                              .trace = &in};
    struct pmt_check_report report;
    /* All of the work is what reading ahead would do. */
    struct pmt_common common = opt->common;
    struct pmt_error err;
    int status;

    if (common.jobs == 0)
        common.jobs = 1;
    if (pmt_trace_open(&in, operand, &common, &reader))
        return PMT_EXIT_TROUBLE;
    printer.name = in.name;
    if (pmt_check(&in, &report, opt->json ? json_finding : print_finding,
                  &printer, &err) != PMT_OK)
        return pmt_trace_failed(&in, &err);
    if (opt->json)
        json_summary(&printer, &report);
    else if (!opt->common.quiet)
        print_summary(&printer, &report);
    status = pmt_exit_worse(status_of(&report, opt->strict),
                            pmt_trace_refused(&in));
    pmt_trace_release(&in);
    return status;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct check_options opt = {0};
    struct pmt_output out;
    struct pmt_json json;
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = PMT_EXIT_OK;

    if (pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0))
        return PMT_EXIT_TROUBLE;
    pmt_json_init(&json, out.file);
    for (int i = 0; i < count; i++)
        status = pmt_exit_worse(status,
                                check_trace(&opt, argv[i], out.file, &json));
    return pmt_exit_worse(status, pmt_output_commit(&out));
}

const struct pmt_command pmt_command_check = {
    .name = "check",
    .summary = "verify a trace, byte by byte",
    .usage = (const char *const[]){"[options] FILE...", NULL},
    .description = (const char *const[]){
        "Goes through the whole file, decodes all of it, and prints a line for "
        "everything that is not as the format's specification says, then a "
        "line that sums up (-q leaves it out). \"-\" is standard input. Of a "
        "flight recorder all parts that are there are checked as one trace; "
        "that earlier ones were let go is no damage.",
        "Damage is: truncated, the file ends inside a frame, as when its "
        "writer was killed; corrupt, bytes are not what was written; missing, "
        "chunks are not there, or table entries that records refer to; "
        "inconsistent, chunks contradict each other.",
        "No damage are: incomplete, a stream without an end, whose process "
        "died or still records; loss, events that the recorder could not "
        "keep, and counted; unchecked, chunks of a later version of the "
        "format. They are printed too.",
        NULL},
    .examples = (const char *const[]){
        "pmt check a.pmt", "verify a.pmt",
        "pmt check -q *.pmt", "print a line only for what is wrong", NULL},
    .exit_status = (const char *const[]){
        "no damage", "damage was found",
        "a trace could not be read, or is of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
