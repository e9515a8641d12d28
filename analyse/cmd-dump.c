/* cmd-dump.c: the command `pmt dump`. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/errors.h"
#include "cli/output.h"
#include "commands.h"
#include "dump.h"
#include "names.h"
#include "open.h"

struct dump_options {
    struct pmt_common common; /* must come first */
    const char *output, *stream;
    uint32_t kinds; /* bit per row of pmt_kind_names */
    uint64_t from_ns, to_ns;
    bool force, json, stacks, strict;
};

static const struct pmt_option options[] = {
    PMT_OPT_SET('k', "kind", "KIND", struct dump_options, kinds,
                pmt_kind_names, "print only these kinds"),
    PMT_OPT_DURATION(0, "from", "TIME", struct dump_options, from_ns,
                     "print no records before TIME of their stream",
                     .preset = "0"),
    PMT_OPT_DURATION(0, "to", "TIME", struct dump_options, to_ns,
                     "print no records after TIME of their stream"),
    PMT_OPT_STRING('s', "stream", "KEY", struct dump_options, stream,
                   "print only the stream whose key or UUID begins with KEY"),
    PMT_OPT_FLAG(0, "stacks", struct dump_options, stacks,
                 "print the callers of each site too (text)"),
    PMT_OPT_JSON(struct dump_options, json),
    PMT_OPT_STRICT(struct dump_options, strict),
    PMT_OPT_OUTPUT(struct dump_options, output),
    PMT_OPT_FORCE(struct dump_options, force),
    PMT_OPT_LAST
};

#define KIND_BIT(kind) (UINT32_C(1) << (kind))
#define TABLES                                                                \
    (KIND_BIT(PMT_KIND_ANCHORS) - KIND_BIT(PMT_KIND_STRINGS))
#define ALL_KINDS (KIND_BIT(PMT_KIND_KNOWN) - 2)

/* Bits by number of the kind, from bits by row of pmt_kind_names. */
static uint32_t kinds_of(const struct dump_options *opt)
{
    if (opt->kinds != 0)
        return opt->json ? pmt_dump_needs(opt->kinds << 1) : opt->kinds << 1;
    return opt->json ? ALL_KINDS : ALL_KINDS & ~TABLES;
}

/* Chunks whose lines are not wanted need not be decompressed. The tables are
 * always read: text shows names from them. */
static uint64_t skipped(uint32_t kinds)
{
    uint32_t always = TABLES | KIND_BIT(PMT_KIND_STREAM) |
                      KIND_BIT(PMT_KIND_END);

    return ALL_KINDS & ~(kinds | always);
}

static bool hex_digit(char c, unsigned *digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    if (at == NULL)
        return false;
    *digit = (unsigned)(at - digits);
    return true;
}

/* The stream that is asked for: its key under a mask. */
struct wanted {
    uint64_t key, mask;
};

/* KEY may be longer than a key, as UUIDs are, and have dashes. */
static bool parse_key(const char *text, struct wanted *wanted)
{
    unsigned shift = 64, count = 0;

    for (; *text != '\0'; text++) {
        unsigned digit;

        if (*text == '-')
            continue;
        if (!hex_digit(*text, &digit) || ++count > 32)
            return false;
        if (shift == 0)
            continue;
        shift -= 4;
        wanted->key |= (uint64_t)digit << shift;
        wanted->mask |= UINT64_C(15) << shift;
    }
    return count > 0;
}

/* Is it of one stream, as chunks are? */
static bool has_stream(const struct pmt_event *event)
{
    return pmt_event_is_chunk(event) || event->type == PMT_EVENT_REFUSED;
}

/* With --kind, a chunk that can't be read is shown as one that can: when its
 * kind is. Of a kind that is not, its label alone may have been seen. */
static bool shown(const struct dump_options *opt, const struct pmt_dump *dump,
                  const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind;

    return opt->kinds == 0 ||
           (event->type != PMT_EVENT_UNREADABLE &&
            event->type != PMT_EVENT_FEATURES) ||
           kind <= PMT_KIND_STRINGS || kind == PMT_KIND_END ||
           kind >= PMT_KIND_KNOWN ||
           pmt_dump_kind(dump, kind);
}

/* All events of one trace. Returns what pmt_trace_next() did last. */
static int dump_events(const struct dump_options *opt, struct pmt_trace *in,
                       struct pmt_dump *dump, const struct wanted *wanted,
                       bool *found, struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        if (opt->json && !dump->json.had_line)
            pmt_dump_json_header(dump);
        if (has_stream(&event)) {
            if ((event.envelope.stream_key & wanted->mask) != wanted->key)
                continue;
            *found = true;
        }
        if (!shown(opt, dump, &event))
            continue;
        if (opt->json)
            pmt_dump_json(dump, &event);
        else
            pmt_dump_text(dump, &event);
        if (ferror_unlocked(dump->file))
            break; /* said by pmt_output_commit() */
    }
    return code;
}

static int dump_trace(const struct dump_options *opt, const char *operand,
                      struct pmt_dump *dump, const struct wanted *wanted)
{
    struct pmt_reader_options reader = {
        .skip_kinds = skipped(dump->filter.kinds),
        .from_ns = opt->from_ns,
        .to_ns = opt->to_ns == UINT64_MAX ? 0 : opt->to_ns,
    };
    struct pmt_trace in;
    struct pmt_error err;
    bool found = opt->stream == NULL;
    int code, status = PMT_EXIT_OK;

    if (pmt_trace_open(&in, operand, &opt->common, &reader))
        return PMT_EXIT_TROUBLE;
    pmt_dump_from(dump, in.reader);
    code = dump_events(opt, &in, dump, wanted, &found, &err);
    if (code < 0)
        return pmt_trace_failed(&in, &err);
    if (!found && code == PMT_END)
        status = pmt_fail("%s: no stream %s", in.name, opt->stream);
    return pmt_trace_close(&in, status, opt->strict);
}

static int dump_traces(const struct dump_options *opt, int count,
                       char **operands, FILE *file,
                       const struct wanted *wanted)
{
    struct pmt_dump_filter filter = {
        .kinds = kinds_of(opt),
        .from_ns = opt->from_ns,
        .to_ns = opt->to_ns,
        .stacks = opt->stacks,
    };
    struct pmt_dump *dump = pmt_dump_new(file, &filter);
    int status = PMT_EXIT_OK;

    if (dump == NULL)
        return pmt_fail("out of memory");
    for (int i = 0; i < count; i++)
        status = pmt_exit_worse(status,
                                dump_trace(opt, operands[i], dump, wanted));
    pmt_dump_free(dump);
    return status;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct dump_options opt = {.to_ns = UINT64_MAX};
    struct wanted wanted = {0, 0};
    struct pmt_output out;
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status;

    if (opt.stream != NULL && !parse_key(opt.stream, &wanted))
        return pmt_fail("--stream: \"%s\" is no key or UUID", opt.stream);
    if (opt.from_ns > opt.to_ns)
        return pmt_fail("--from is later than --to: no record is between");
    if (pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0))
        return PMT_EXIT_TROUBLE;
    status = dump_traces(&opt, count, argv, out.file, &wanted);
    if (status == PMT_EXIT_TROUBLE) {
        pmt_output_abandon(&out);
        return status;
    }
    return pmt_exit_worse(status, pmt_output_commit(&out));
}

const struct pmt_command pmt_command_dump = {
    .name = "dump",
    .summary = "print what a trace holds, one line a record",
    .usage = (const char *const[]){"[options] FILE...", NULL},
    .description = (const char *const[]){
        "Prints traces as text or JSON lines. \"-\" is standard input. Of a "
        "flight recorder all parts that are there are printed, as `cat` would "
        "put them together.",
        "A line of text is fields with a tab between them: the first 8 digits "
        "of the stream's key, the seconds since the stream began, the kind, "
        "and then by kind: op, domain, address, size, thread and site of an "
        "alloc; op, type, address, size, thread and site of an object; what, "
        "thread and site of a call or line. Other fields are called by their "
        "names.",
        "With --json the lines are those of the format's specification, "
        "section 12.",
        "--kind, --from and --to choose among the records. Streams, ends and "
        "damage are printed in JSON whatever the kinds; so are the tables "
        "that the chosen kinds refer to. Text gives names in place, and "
        "prints tables only when --kind names them. Damage is not looked for "
        "in chunks that are not chosen.",
        NULL},
    .examples = (const char *const[]){
        "pmt dump a.pmt", "print all records",
        "pmt dump --kind mark a.pmt", "print the marks",
        "pmt dump --kind alloc --from 1.5 --to 2 --stacks a.pmt",
        "print what was allocated in half a second, with stacks",
        "zcat a.pmt.gz | pmt dump --json -", "print a trace as JSON", NULL},
    .exit_status = (const char *const[]){
        "the trace was printed, though it may end early",
        "the trace is corrupt; what is sound of it was printed",
        "the trace could not be read, or is of a later version"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .run = run,
};
