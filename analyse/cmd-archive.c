/* cmd-archive.c: the command `pmt archive`. The work is archive.c's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/value.h"
#include "commands.h"
#include "names.h"
#include "open.h"
#include "pieces.h"
#include "spool.h"

struct archive_options {
    struct pmt_common common; /* must come first */
    const char *output;
    int64_t level, chunk_records;
    bool force, json, strict, verify;
    struct archive_split {
        uint64_t bytes, ns;
    } split;
};

/* "100M" or "10s": what ends with s, h or d is a duration. */
static bool take_split(const char *text, void *store, char *why,
                       size_t why_size)
{
    struct archive_split *split = store;
    size_t length = strlen(text);
    bool time = length > 0 && strchr("shd", text[length - 1]) != NULL;

    memset(split, 0, sizeof *split);
    if (time ? !pmt_value_duration(text, &split->ns, why, why_size)
             : !pmt_value_size(text, &split->bytes, why, why_size))
        return false;
    if (split->bytes > 0 || split->ns > 0)
        return true;
    snprintf(why, why_size, "a piece must not be empty");
    return false;
}

static const struct pmt_option options[] = {
    PMT_OPT_STRING('o', "output", "FILE", struct archive_options, output,
                   "write the archive to FILE; - is standard output"),
    PMT_OPT_FORCE(struct archive_options, force),
    PMT_OPT_INT(0, "level", "N", struct archive_options, level,
                "how hard zstd compresses", .preset = "19", .low = 1,
                .high = 22),
    PMT_OPT_INT(0, "chunk-records", "N", struct archive_options,
                chunk_records, "records in a chunk at most",
                .preset = "65536", .low = 1, .high = 65536),
    PMT_OPT_CALLBACK(0, "split", "HOW", struct archive_options, split,
                     take_split,
                     "write pieces of about a SIZE (100M), or a duration (10m "
                     "is a size, 600s and 2h are times), each a trace by "
                     "itself"),
    PMT_OPT_FLAG(0, "verify", struct archive_options, verify,
                 "write nothing: read archives, and compare what they hold "
                 "with the digest in them"),
    PMT_OPT_STRICT(struct archive_options, strict),
    PMT_OPT_FLAG(0, "json", struct archive_options, json,
                 "print what was done as one JSON object, on stderr; with "
                 "--verify a line for each stream, on stdout"),
    PMT_OPT_LAST
};

/* ---- --verify ----------------------------------------------------------- */

static const char *verdict(const struct pmt_archive_content *content, size_t i)
{
    if (!content->said[i].there)
        return "not archived";
    return memcmp(content->said[i].digest, content->digest[i].bytes,
                  sizeof content->digest[i].bytes) == 0
               ? "as archived"
               : "changed";
}

static void print_verdicts(const struct archive_options *opt,
                           const char *name,
                           const struct pmt_archive_content *content,
                           FILE *file, struct pmt_json *json)
{
    for (size_t i = 0; i < content->count; i++) {
        const struct pmt_digest *d = &content->digest[i];
        char key[PMT_KEY_SIZE];

        pmt_name_key(key, d->key);
        if (opt->json) {
            pmt_json_line_begin(json);
            pmt_json_string(json, "file", name);
            pmt_json_string(json, "stream", key);
            pmt_json_hex_bytes(json, "digest", d->bytes, sizeof d->bytes);
            pmt_json_string(json, "verdict", verdict(content, i));
            pmt_json_line_end(json);
            continue;
        }
        for (size_t k = 0; k < sizeof d->bytes; k++)
            fprintf(file, "%02x", d->bytes[k]);
        fprintf(file, "  %s  ", key);
        pmt_text_write(file, name, strlen(name));
        fprintf(file, ": %s\n", verdict(content, i));
    }
}

static int verify(const struct archive_options *opt, const char *operand,
                  FILE *file, struct pmt_json *json)
{
    struct pmt_archive_content content;
    struct pmt_trace in;
    struct pmt_error err;
    size_t archived;
    int status = PMT_EXIT_OK;

    if (pmt_trace_open(&in, operand, &opt->common, NULL))
        return PMT_EXIT_TROUBLE;
    if (pmt_archive_read(&content, &in, &err) != PMT_OK)
        return pmt_trace_failed(&in, &err);
    print_verdicts(opt, in.name, &content, file, json);
    if (pmt_archive_changed(&content, &archived) > 0 ||
        archived < content.count)
        status = PMT_EXIT_NO;
    pmt_archive_release(&content);
    return pmt_trace_close(&in, status, opt->strict);
}

static int verify_all(const struct archive_options *opt, int count,
                      char **argv)
{
    struct pmt_output out;
    struct pmt_json json;
    int status = PMT_EXIT_OK;

    if (opt->output != NULL)
        return pmt_fail("--verify writes no trace: leave out -o");
    if (pmt_output_open(&out, NULL, 0))
        return PMT_EXIT_TROUBLE;
    pmt_json_init(&json, out.file);
    for (int i = 0; i < count; i++)
        status = pmt_exit_worse(status, verify(opt, argv[i], out.file, &json));
    return pmt_exit_worse(status, pmt_output_commit(&out));
}

/* ---- archiving ------------------------------------------------------------ */

static void print_report(const struct archive_options *opt, const char *name,
                         const struct pmt_archive_report *r, uint64_t size)
{
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];
    struct pmt_json json;

    if (opt->json) {
        pmt_json_init(&json, stderr);
        pmt_json_line_begin(&json);
        pmt_json_string(&json, "file", name);
        pmt_json_u64(&json, "records", r->records);
        pmt_json_u64(&json, "chunks_before", r->chunks_read);
        pmt_json_u64(&json, "chunks", r->chunks);
        pmt_json_u64(&json, "bytes_before", size);
        pmt_json_u64(&json, "bytes", r->bytes);
        pmt_json_u64(&json, "pieces", r->pieces);
        pmt_json_line_end(&json);
        return;
    }
    pmt_note("%s: %s records, %" PRIu64 " chunks, were %" PRIu64
             "; %s, was %s",
             name, pmt_text_count(a, r->records), r->chunks, r->chunks_read,
             pmt_text_size(b, r->bytes), pmt_text_size(c, size));
}

/* What was written is read again, before it gets its name. */
static int check_written(struct pmt_pieces *pieces,
                         const struct pmt_archive_content *content)
{
    struct pmt_archive_content written;
    const char *name = pieces->path;
    struct pmt_source source;
    struct pmt_trace in;
    struct pmt_error err;
    bool same;
    int code = pmt_pieces_source(pieces, &source, &err);

    if (code == PMT_ERR_ARGUMENT)
        return PMT_EXIT_OK; /* a pipe: --verify can be run on the file */
    if (code < 0 ||
        pmt_trace_from_source(&in, &source, name, NULL, &err) != PMT_OK)
        return pmt_fail("%s: %s", name, err.message);
    if (pmt_archive_read(&written, &in, &err) != PMT_OK)
        return pmt_trace_failed(&in, &err);
    same = in.health.corrupt == 0 && !in.health.truncated &&
           pmt_archive_same(content, &written);
    pmt_archive_release(&written);
    pmt_trace_release(&in);
    return same ? PMT_EXIT_OK : PMT_EXIT_NO;
}

static int write_archive(const struct archive_options *opt,
                         const char *operand,
                         const struct pmt_archive_content *content)
{
    struct pmt_pieces pieces;
    const struct pmt_recut_options recut = {
        .chunk_records = (uint32_t)opt->chunk_records,
        .level = (int)opt->level,
        .split_bytes = opt->split.bytes,
        .split_ns = opt->split.ns,
        .next_piece = pmt_pieces_next,
        .context = &pieces,
    };
    struct pmt_archive_report report;
    struct pmt_trace in;
    struct pmt_sink sink;
    struct pmt_error err;
    uint64_t at, size;
    int code, status;

    if (pmt_trace_open(&in, operand, &opt->common, NULL))
        return PMT_EXIT_TROUBLE;
    pmt_reader_position(in.reader, &at, &size);
    if (pmt_pieces_open(&pieces, opt->output,
                        PMT_OUTPUT_BINARY | PMT_OUTPUT_PRIVATE |
                            (opt->force ? PMT_OUTPUT_FORCE : 0), &sink)) {
        pmt_trace_release(&in);
        return PMT_EXIT_TROUBLE;
    }
    code = pmt_archive_write(&in, content, &sink, &recut, &report, &err);
    if (code < 0)
        status = err.message[0] == '\0'
                     ? PMT_EXIT_TROUBLE
                     : pmt_fail("%s: %s", code == PMT_ERR_ARGUMENT
                                              ? operand : opt->output,
                                err.message);
    else
        status = pmt_trace_close(&in, PMT_EXIT_OK, opt->strict);
    if (code == PMT_OK && status != PMT_EXIT_TROUBLE) {
        code = check_written(&pieces, content) == PMT_EXIT_OK
                   ? PMT_OK : PMT_ERR_CORRUPT;
        if (code < 0)
            pmt_fail("%s: not archived: its streams contradict themselves, "
                     "and what was written would not say the same", operand);
    }
    pmt_trace_release(&in);
    if (code < 0 || (status == PMT_EXIT_TROUBLE && opt->strict)) {
        pmt_pieces_abandon(&pieces);
        return PMT_EXIT_TROUBLE;
    }
    report.pieces = pieces.count + 1;
    status = pmt_exit_worse(status, pmt_pieces_commit(&pieces));
    if (status != PMT_EXIT_TROUBLE)
        print_report(opt, operand, &report, size);
    return status;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return strcmp(b, "-") != 0 && stat(a, &x) == 0 && stat(b, &y) == 0 &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Says why, and closes it. */
static int nothing_in(struct pmt_trace *in)
{
    const struct pmt_health *health = &in->health;

    if (pmt_trace_refused(in) == PMT_EXIT_OK) {
        if (health->place_count > 0)
            pmt_fail("%s: nothing in it to archive: corrupt at byte %" PRIu64
                     ": %s", in->name, health->places[0].offset,
                     health->places[0].message);
        else if (health->truncated)
            pmt_fail("%s: nothing in it to archive: truncated at byte %" PRIu64,
                     in->name, health->truncated_at);
        else
            pmt_fail("%s: nothing in it to archive", in->name);
    }
    pmt_trace_release(in);
    return PMT_EXIT_TROUBLE;
}

/* `path` can be opened twice. */
static int archive_one(const struct archive_options *opt, const char *path)
{
    struct pmt_archive_content content;
    struct pmt_trace in;
    struct pmt_error err;
    int status;

    /* Once for the digest, which stands in the header, once for the rest. */
    if (pmt_trace_open(&in, path, &opt->common, NULL))
        return PMT_EXIT_TROUBLE;
    if (pmt_archive_read(&content, &in, &err) != PMT_OK)
        return pmt_trace_failed(&in, &err);
    if (content.count == 0) {
        pmt_archive_release(&content);
        return nothing_in(&in);
    }
    pmt_trace_release(&in);
    status = write_archive(opt, path, &content);
    pmt_archive_release(&content);
    return status;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct archive_options opt = {0};
    char *path;
    int status, count = pmt_options_parse(command, argc, argv, &opt.common);

    if (opt.verify)
        return verify_all(&opt, count, argv);
    if (count > 1)
        return pmt_fail("one trace at a time; pmt merge makes one of many");
    if (opt.output == NULL)
        return pmt_fail("no output given: use -o FILE");
    if (strcmp(opt.output, "-") == 0 && (opt.split.bytes | opt.split.ns) != 0)
        return pmt_fail("--split writes several files: use -o FILE");
    if (same_file(argv[0], opt.output))
        return pmt_fail("%s: is the trace itself", opt.output);
    if (pmt_spool_once(argv[0], &path))
        return PMT_EXIT_TROUBLE;
    status = archive_one(&opt, path);
    free(path);
    return status;
}

const struct pmt_command pmt_command_archive = {
    .name = "archive",
    .summary = "make a trace smaller, to be kept",
    .usage = (const char *const[]){"[options] -o FILE TRACE",
                                   "--verify [options] FILE...", NULL},
    .description = (const char *const[]){
        "Writes the same records into larger chunks, compressed as hard as "
        "zstd can. The parts of a flight recorder become one; the journal of a "
        "dead process is taken in. The trace is read twice.",
        "The header of each stream then holds its content digest: a number for "
        "what the stream says, which does not depend on chunks, parts and "
        "compression (specification, annex B). What was written is read again "
        "and compared before FILE gets its name. pmt info shows the digest; "
        "pmt info --digest takes that of any trace.",
        "With --split it writes pieces: FILE is the newest, the older ones are "
        "FILE.000000, FILE.000001, as those of a flight recorder. Every "
        "command finds them by FILE, and takes them for one trace; each of them "
        "is a trace by itself too, which begins with what was alive. A piece "
        "ends where a chunk of TRACE does.",
        "--verify reads archives and says of each stream whether it still "
        "holds what was archived.",
        NULL},
    .examples = (const char *const[]){
        "pmt archive -o kept.pmt a.pmt", "a.pmt, smaller",
        "pmt archive --split 100M -o kept.pmt a.pmt", "in files of 100 MiB",
        "pmt archive --verify kept.pmt", "is it what it was?", NULL},
    .exit_status = (const char *const[]){
        "archived; with --verify: all is as it was archived",
        "the trace is corrupt, and what is sound was archived; with --verify: "
        "a stream has changed, or is no archive",
        "trouble: not archived"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
