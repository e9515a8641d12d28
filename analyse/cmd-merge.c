/* cmd-merge.c: the command `pmt merge`. The work is merge.c's. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/errors.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "commands.h"
#include "inputs.h"
#include "merge-say.h"
#include "merge.h"

struct merge_options {
    struct pmt_common common; /* must come first */
    const char *output;
    bool force, json, strict, recursive;
};

static const struct pmt_option options[] = {
    PMT_OPT_OUTPUT(struct merge_options, output),
    PMT_OPT_FORCE(struct merge_options, force),
    PMT_OPT_RECURSIVE(struct merge_options, recursive),
    PMT_OPT_STRICT(struct merge_options, strict),
    PMT_OPT_FLAG(0, "json", struct merge_options, json,
                 "print what was done as one JSON object, on stderr"),
    PMT_OPT_LAST
};

/* ---- what was done ----------------------------------------------------- */

static void print_text(const struct pmt_merge_report *r)
{
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];

    pmt_merge_warn_missing(r);
    pmt_merge_warn_left_out(r);
    pmt_note("%s trace%s, %s stream%s, %s records",
             pmt_text_count(a, r->inputs), pmt_text_plural(r->inputs),
             pmt_text_count(b, r->streams), pmt_text_plural(r->streams),
             pmt_text_count(c, r->records));
    pmt_merge_note(r);
}

static void print_json(const struct pmt_merge_report *r)
{
    struct pmt_json json;

    pmt_json_init(&json, stderr);
    pmt_json_line_begin(&json);
    pmt_json_u64(&json, "inputs", r->inputs);
    pmt_json_u64(&json, "streams", r->streams);
    pmt_json_u64(&json, "chunks", r->chunks);
    pmt_json_u64(&json, "records", r->records);
    pmt_json_u64(&json, "bytes", r->bytes);
    pmt_json_u64(&json, "chunks_duplicate", r->duplicates);
    pmt_json_u64(&json, "chunks_differing", r->differing);
    pmt_json_u64(&json, "chunks_damaged", r->damaged);
    pmt_json_u64(&json, "chunks_missing", r->missing);
    pmt_json_u64(&json, "ends_dropped", r->ends);
    pmt_json_u64(&json, "cuts_left_out", r->cuts);
    pmt_json_u64(&json, "cut_chunks_left_out", r->cut_chunks);
    pmt_json_u64(&json, "streams_refused", r->refused);
    pmt_json_u64(&json, "clocks", r->clocks);
    pmt_json_u64(&json, "uncertainty_ns", r->uncertainty_ns);
    pmt_json_line_end(&json);
}

/* ---- the command ------------------------------------------------------- */

/* No input is ever written to, also with -f. */
static int refuse_input(const struct pmt_inputs *inputs, const char *output)
{
    struct stat out, in;

    if (output == NULL || strcmp(output, "-") == 0 || stat(output, &out) != 0 ||
        !S_ISREG(out.st_mode))
        return PMT_EXIT_OK;
    for (size_t i = 0; i < inputs->count; i++)
        if (strcmp(inputs->item[i].path, "-") != 0 &&
            stat(inputs->item[i].path, &in) == 0 && in.st_dev == out.st_dev &&
            in.st_ino == out.st_ino)
            return pmt_fail("%s: is one of the traces to merge", output);
    return PMT_EXIT_OK;
}

static int copy(const struct merge_options *opt, struct pmt_merge_list *list,
                struct pmt_merge_report *report)
{
    struct pmt_progress progress;
    struct pmt_output out;
    struct pmt_sink sink;
    struct pmt_error err;
    int code;

    if (pmt_output_open(&out, opt->output,
                        PMT_OUTPUT_BINARY | PMT_OUTPUT_PRIVATE |
                            (opt->force ? PMT_OUTPUT_FORCE : 0)))
        return PMT_EXIT_TROUBLE;
    pmt_sink_to_fd(&sink, out.fd);
    pmt_progress_start(&progress, "merging", list->bytes, PMT_PROGRESS_BYTES,
                       opt->common.progress);
    code = pmt_merge_copy(list, &sink, &progress, report, &err);
    pmt_progress_stop(&progress);
    if (code < 0) {
        pmt_fail("%s: %s", list->failing != NULL ? list->failing : out.path,
                 err.message);
        pmt_output_abandon(&out);
        return PMT_EXIT_TROUBLE;
    }
    return pmt_output_commit(&out);
}

static int merge(const struct merge_options *opt,
                 const struct pmt_inputs *inputs, struct pmt_merge_list *list)
{
    struct pmt_merge_report report;
    struct pmt_error err;
    int damage = PMT_EXIT_OK, status;

    for (size_t i = 0; i < inputs->count; i++) {
        status = pmt_merge_list_add(list, inputs->item[i].path, &opt->common,
                                    opt->strict);
        if (status == PMT_EXIT_TROUBLE)
            return status;
        damage = pmt_exit_worse(damage, status);
    }
    if (pmt_merge_plan(list, &report, &err) != PMT_OK)
        return pmt_fail("%s", err.message);
    status = copy(opt, list, &report);
    if (status != PMT_EXIT_OK)
        return status;
    if (opt->json)
        print_json(&report);
    else
        print_text(&report);
    if (report.damaged > 0)
        damage = PMT_EXIT_NO;
    if (report.refused > 0 ||
        (opt->strict && (report.damaged > 0 || report.missing > 0)))
        damage = PMT_EXIT_TROUBLE;
    return damage;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct merge_options opt = {0};
    struct pmt_inputs inputs;
    struct pmt_merge_list list = {0};
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status;

    if (pmt_inputs_expand(&inputs, argv, count,
                          opt.recursive ? PMT_INPUTS_RECURSIVE : 0))
        return PMT_EXIT_TROUBLE;
    status = refuse_input(&inputs, opt.output);
    if (status == PMT_EXIT_OK)
        status = merge(&opt, &inputs, &list);
    pmt_merge_list_release(&list);
    pmt_inputs_release(&inputs);
    return status;
}

const struct pmt_command pmt_command_merge = {
    .name = "merge",
    .summary = "make one trace of many",
    .usage = (const char *const[]){"[options] -o FILE TRACE...", NULL},
    .description = (const char *const[]){
        "Writes the streams of all TRACEs into one, in order of time. A TRACE "
        "may be a file, a folder, which stands for every *.pmt in it, a "
        "pattern in quotes (\"runs/*.pmt\"), or \"-\", standard input. What the "
        "journal of a dead process holds is taken too.",
        "Chunks are copied as they are, and checked against their checksum. "
        "What comes out does not depend on the order of the TRACEs, nor on "
        "what was merged before: merging a with the merge of b and c gives the "
        "same bytes as merging the merge of a and b with c.",
        "What is there more than once, as the same stream in two TRACEs, or "
        "parts of it that overlap, is taken once. Of a stream that is there as "
        "recorded and filtered, or archived, it takes the one as recorded, and "
        "says so.",
        "Processes of one boot of one host are put in order by the monotonic "
        "clock, others by wall time; -v says with what uncertainty.",
        "A chunk that is damaged is left out, unless another TRACE has it "
        "whole.",
        NULL},
    .examples = (const char *const[]){
        "pmt merge -o all.pmt a.pmt b.pmt c.pmt", "three processes in one trace",
        "pmt merge -o all.pmt runs", "every trace in the folder runs",
        "pmt merge a.pmt b.pmt | pmt live -", "what is alive in both",
        NULL},
    .exit_status = (const char *const[]){
        "merged, though an input may end early",
        "an input is damaged; what is sound was merged",
        "not merged; or merged without a stream of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
