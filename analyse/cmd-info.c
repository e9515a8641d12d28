/* cmd-info.c: the command `pmt info`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/errors.h"
#include "cli/output.h"
#include "cli/text.h"
#include "commands.h"
#include "digest.h"
#include "info-tree.h"
#include "info.h"
#include "inputs.h"
#include "names.h"
#include "open.h"
#include "trace-summary.h"

struct info_options {
    struct pmt_common common; /* must come first */
    const char *output;
    bool force, json, strict, all, tree, digest, recursive;
};

/* Where it goes. */
struct sink {
    FILE *file;
    struct pmt_json json;
    struct pmt_info_tree tree;
};

static const struct pmt_option options[] = {
    PMT_OPT_FLAG('a', "all", struct info_options, all,
                 "read all records, and count calls, lines, objects and "
                 "blocks by what they are"),
    PMT_OPT_FLAG(0, "tree", struct info_options, tree,
                 "show only the processes, by who made whom, how each ended "
                 "and what it lost; of several files this is shown last in "
                 "any case"),
    PMT_OPT_FLAG(0, "digest", struct info_options, digest,
                 "read everything, and show only the content digest of each "
                 "stream, which does not depend on chunks, parts and "
                 "compression"),
    PMT_OPT_JSON(struct info_options, json),
    PMT_OPT_STRICT(struct info_options, strict),
    PMT_OPT_RECURSIVE(struct info_options, recursive),
    PMT_OPT_OUTPUT(struct info_options, output),
    PMT_OPT_FORCE(struct info_options, force),
    PMT_OPT_LAST
};

static void print(const struct info_options *opt, struct pmt_info *info,
                  struct sink *sink)
{
    pmt_info_tree_add(&sink->tree, info);
    if (opt->tree)
        return;
    if (opt->json)
        pmt_info_json(info, &sink->json);
    else
        pmt_info_text(info, sink->file);
}

static void print_tree(const struct info_options *opt, struct sink *sink,
                       int count)
{
    if (opt->tree || count > 1) {
        if (opt->json)
            pmt_info_tree_json(&sink->tree, &sink->json);
        else
            pmt_info_tree_text(&sink->tree, sink->file);
    }
    pmt_info_tree_release(&sink->tree);
}

/* Walks a trace that has no index, or one that does not fit. */
static int walk(const struct info_options *opt, const char *operand,
                struct pmt_info *info, struct sink *sink)
{
    struct pmt_reader_options reading = pmt_summary_options(opt->all);
    struct pmt_summary summary;
    struct pmt_trace in;
    struct pmt_error err;

    if (pmt_trace_open(&in, operand, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    if (pmt_summary_walk(&summary, &in, opt->all, &err) != PMT_OK)
        return pmt_trace_failed(&in, &err);
    info->summary = &summary;
    info->health = &in.health;
    info->name = in.name;
    /* A trace of a later version only: the one line on stderr says it. */
    if (in.health.refused == 0 || in.health.refused < summary.stream_count)
        print(opt, info, sink);
    pmt_summary_release(&summary);
    return pmt_trace_close(&in, PMT_EXIT_OK, opt->strict);
}

static int info_trace(const struct info_options *opt, const char *operand,
                      struct sink *sink)
{
    static const struct pmt_health sound;
    struct pmt_info info = {
        .name = operand,
        .journal = pmt_trace_journal(operand),
        .health = &sound,
    };
    struct pmt_summary summary;

    /* What keeps the index from being used is said by the walk. */
    if (!pmt_trace_reopens(operand) ||
        pmt_summary_from_index(&summary, operand, opt->all, NULL) != PMT_OK)
        return walk(opt, operand, &info, sink);
    info.summary = &summary;
    print(opt, &info, sink);
    pmt_summary_release(&summary);
    return PMT_EXIT_OK;
}

/* ---- the content digest --------------------------------------------------- */

static void print_digest(const struct info_options *opt, const char *name,
                         const struct pmt_digest *digest, struct sink *sink)
{
    char key[PMT_KEY_SIZE];

    pmt_name_key(key, digest->key);
    if (opt->json) {
        pmt_json_line_begin(&sink->json);
        pmt_json_string(&sink->json, "file", name);
        pmt_json_string(&sink->json, "stream", key);
        pmt_json_hex_bytes(&sink->json, "digest", digest->bytes,
                           sizeof digest->bytes);
        pmt_json_line_end(&sink->json);
        return;
    }
    for (size_t i = 0; i < sizeof digest->bytes; i++)
        fprintf(sink->file, "%02x", digest->bytes[i]);
    fprintf(sink->file, "  %s  ", key);
    pmt_text_write(sink->file, name, strlen(name));
    fputc('\n', sink->file);
}

static int digest_trace(const struct info_options *opt, const char *operand,
                        struct sink *sink)
{
    struct pmt_digests *digests = pmt_digests_new();
    struct pmt_digest digest;
    struct pmt_trace in;
    struct pmt_event event;
    struct pmt_error err;
    int code = digests != NULL ? PMT_OK : PMT_ERR_MEMORY;

    if (code == PMT_OK && pmt_trace_open(&in, operand, &opt->common, NULL)) {
        pmt_digests_free(digests);
        return PMT_EXIT_TROUBLE;
    }
    while (code == PMT_OK &&
           (code = pmt_trace_next(&in, &event, &err)) == PMT_OK)
        code = pmt_digests_take(digests, in.reader, &event);
    for (size_t i = 0; code >= 0 && i < pmt_digests_count(digests); i++) {
        code = pmt_digests_get(digests, i, &digest);
        if (code >= 0)
            print_digest(opt, in.name, &digest, sink);
    }
    pmt_digests_free(digests);
    if (code == PMT_ERR_MEMORY)
        return pmt_fail("%s: out of memory", operand);
    if (code < 0)
        return pmt_trace_failed(&in, &err);
    return pmt_trace_close(&in, PMT_EXIT_OK, opt->strict);
}

/* One operand: of a folder each trace in it. Adds to *count how many. */
static int info_operand(const struct info_options *opt, char *operand,
                        struct sink *sink, int *count)
{
    int (*show)(const struct info_options *, const char *, struct sink *) =
        opt->digest ? digest_trace : info_trace;
    struct pmt_inputs inputs;
    struct stat about;
    int status = PMT_EXIT_OK;

    if (stat(operand, &about) != 0 || !S_ISDIR(about.st_mode)) {
        ++*count;
        return show(opt, operand, sink);
    }
    if (pmt_inputs_expand(&inputs, &operand, 1,
                          opt->recursive ? PMT_INPUTS_RECURSIVE : 0))
        return PMT_EXIT_TROUBLE;
    for (size_t i = 0; i < inputs.count; i++)
        status = pmt_exit_worse(status,
                                show(opt, inputs.item[i].path, sink));
    *count += (int)inputs.count;
    pmt_inputs_release(&inputs);
    return status;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct info_options opt = {0};
    struct pmt_output out;
    struct sink sink = {0};
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = PMT_EXIT_OK, shown = 0;

    if (opt.digest && opt.tree)
        return pmt_fail("--digest and --tree can't be given together");
    if (pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0))
        return PMT_EXIT_TROUBLE;
    sink.file = out.file;
    pmt_json_init(&sink.json, out.file);
    for (int i = 0; i < count; i++)
        status = pmt_exit_worse(status, info_operand(&opt, argv[i], &sink,
                                                     &shown));
    if (!opt.digest)
        print_tree(&opt, &sink, shown);
    if (status == PMT_EXIT_TROUBLE) {
        pmt_output_abandon(&out);
        return status;
    }
    return pmt_exit_worse(status, pmt_output_commit(&out));
}

const struct pmt_command pmt_command_info = {
    .name = "info",
    .summary = "show what is in a trace: streams, kinds, sizes, loss",
    .usage = (const char *const[]){"[options] FILE...", NULL},
    .description = (const char *const[]){
        "Shows of each stream which process it is of, when it was recorded, "
        "whether it is whole, what was lost, and how many chunks, records and "
        "bytes there are of each kind. \"-\" is standard input; a folder stands "
        "for each *.pmt in it.",
        "Reads the index at the end of the file, or without one the labels of "
        "all chunks; and the records of sample, heap, snapshot, gc and loss, "
        "for a line of each figure, snapshot and generation. The others, most "
        "of a trace, are read with --all only. Damage inside what is not read "
        "is for pmt-check to find.",
        "A flight recorder writes its trace in parts: the newest is FILE, "
        "older ones are beside it as FILE.000012, .000011, ... FILE stands for "
        "all that are there, here and in every command; one that is given by "
        "its own name is read alone. Records that were let go with parts "
        "before them are neither missing nor lost.",
        "Of several files, say of all workers of a service, it shows last the "
        "tree of their processes: each below the one that made it, whether it "
        "finished or died, and what it lost.",
        NULL},
    .examples = (const char *const[]){
        "pmt info a.pmt", "show what is in a.pmt",
        "pmt info --all a.pmt", "and of what functions, threads and RSS",
        "pmt info --json *.pmt", "the same as JSON, one line a file",
        "pmt info --tree runs", "which process made which, and how they "
        "ended", NULL},
    .exit_status = (const char *const[]){
        "the traces were shown, though one may end early",
        "a trace is corrupt; what is sound of it was shown",
        "a trace could not be read, or is of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
