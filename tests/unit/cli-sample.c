/* cli-sample.c: see cli-sample.h. */
#include "cli-sample.h"

#include <stdio.h>
#include <string.h>

static const char *const by_names[] = {"type", "site", "file", NULL};
static const char *const kind_names[] = {"call", "alloc", "gc", NULL};

static bool read_port(const char *value, void *store, char *why,
                      size_t why_size)
{
    if (strcmp(value, "http") != 0) {
        snprintf(why, why_size, "not a port");
        return false;
    }
    *(int *)store = 80;
    return true;
}

#define S struct sample_options

static const struct pmt_option options[] = {
    PMT_OPT_INT('n', "top", "N", S, top, "show the N largest", .preset = "20",
                .low = 1, .high = 1000),
    PMT_OPT_CHOICE('b', "by", "KEY", S, by, by_names, "count by KEY",
                   .preset = "site"),
    PMT_OPT_SET(0, "kind", "KINDS", S, kinds, kind_names,
                "read only records of these kinds", .preset = "call,gc"),
    PMT_OPT_HEADING("Filters"),
    PMT_OPT_STRING(0, "filter", "EXPR", S, filter, "read what EXPR is true of"),
    PMT_OPT_LIST('I', "include", "FILE", S, include,
                 "read what was made by FILE; may be repeated"),
    PMT_OPT_SIZE(0, "limit", "SIZE", S, limit,
                 "leave out blocks smaller than SIZE - a size such as 'x\\y' "
                 "is wrong",
                 .preset = "1.5k"),
    PMT_OPT_DURATION(0, "every", "TIME", S, every, "one point each TIME",
                     .preset = "200ms"),
    PMT_OPT_NEGATABLE(0, "wall", S, wall, "print times of day"),
    PMT_OPT_NEGATABLE('r', "recent", S, recent, "newest first", .preset = "on"),
    PMT_OPT_COUNT('d', "deeper", S, depth, "one more frame each time"),
    PMT_OPT_CALLBACK('P', "port", "PORT", S, port, read_port, "serve on PORT"),
    PMT_OPT_FLAG('x', NULL, S, json, "a letter without a name"),
    PMT_OPT_FLAG(0, "secret", S, json, "not for everyone", .hidden = true),
    PMT_OPT_OUTPUT(S, output),
    PMT_OPT_FORCE(S, force),
    PMT_OPT_JSON(S, json),
    PMT_OPT_LAST,
};

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct sample_options opt = {0};
    int count = pmt_options_parse(command, argc, argv, &opt.common);

    printf("%d operands, top %d\n", count, (int)opt.top);
    pmt_options_release(command, &opt.common);
    return 1;
}

#define SAMPLE(stops)                                                          \
    {                                                                          \
        .name = "sample", .summary = "show how the front end looks",           \
        .usage = (const char *const[]){"[options] FILE...",                    \
                                       "--port=PORT FILE", NULL},              \
        .description =                                                         \
            (const char *const[]){                                             \
                ".a paragraph that begins with a dot, and is long enough to "  \
                "need more than one line of eighty columns on the screen",     \
                "  pmt sample \\n verbatim\n  second line", NULL},             \
        .examples = (const char *const[]){"pmt sample -n5 a.pmt",              \
                                          "the five largest of a.pmt", NULL},  \
        .exit_status = (const char *const[]){"shown", "nothing to show",       \
                                             "trouble"},                       \
        .see_also = (const char *const[]){"pmt(5)", NULL}, .options = options, \
        .operands_min = 1, .operands_max = 3, .stops_at_operand = (stops),     \
        .run = run,                                                            \
    }

const struct pmt_command sample_command = SAMPLE(false);
const struct pmt_command sample_wrapper = SAMPLE(true);
