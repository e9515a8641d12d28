/* cmd-plot.c: the command `pmt plot`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "cli/errors.h"
#include "cli/output.h"
#include "commands.h"
#include "glyphs.h"
#include "gnuplot.h"
#include "open.h"
#include "series-json.h"
#include "series.h"

struct plot_options {
    struct pmt_common common; /* must come first */
    const char *output;
    int64_t top, width, height;
    uint32_t what; /* bits of what_names; 0: all that there is */
    int by, kind, format;
    bool force, json, script, strict;
};

/* What is not given is chosen by the trace or the name of the output. */
#define NOT_GIVEN (-1)

enum { KIND_ANY, KIND_ALLOC, KIND_OBJECT };
static const char *const kind_names[] = {"any", "alloc", "object", NULL};
enum { WHAT_BYTES, WHAT_COUNT, WHAT_BOTH, WHAT_MEMORY, WHAT_GC, WHAT_CPU };
static const char *const what_names[] = {"bytes", "count", "both", "memory",
                                         "gc", "cpu", NULL};
static const char *const format_names[] = {"png", "svg", NULL};

static const struct pmt_option options[] = {
    PMT_OPT_CHOICE('b', "by", "KEY", struct plot_options, by,
                   pmt_group_by_names,
                   "a curve for each KEY; without it by type for objects and "
                   "by site for blocks"),
    PMT_OPT_CHOICE('k', "kind", "KIND", struct plot_options, kind, kind_names,
                   "draw blocks (alloc), objects, or what there is, blocks "
                   "first",
                   .preset = "any"),
    PMT_OPT_INT('n', "top", "N", struct plot_options, top,
                "the N largest have curves of their own", .preset = "9",
                .low = 1, .high = PMT_CHART_LINES),
    PMT_OPT_SET(0, "what", "WHAT", struct plot_options, what, what_names,
                "draw a panel of each: live bytes, their count, or both; the "
                "memory of the process, or of several; pauses of the garbage "
                "collector; processor time; without it all that the trace "
                "has"),
    PMT_OPT_INT(0, "width", "PIXELS", struct plot_options, width,
                "width of the picture", .preset = "1200", .low = 300,
                .high = 10000),
    PMT_OPT_INT(0, "height", "PIXELS", struct plot_options, height,
                "height of the picture", .preset = "800", .low = 300,
                .high = 10000),
    PMT_OPT_CHOICE(0, "format", "FORMAT", struct plot_options, format,
                   format_names,
                   "of the picture; without it by the output's name, or png"),
    PMT_OPT_FLAG(0, "script", struct plot_options, script,
                 "write the script for gnuplot, which holds the data, and "
                 "don't run it"),
    PMT_OPT_FLAG(0, "json", struct plot_options, json,
                 "print the data as JSON, one object a line, and draw "
                 "nothing"),
    PMT_OPT_STRICT(struct plot_options, strict),
    PMT_OPT_OUTPUT(struct plot_options, output),
    PMT_OPT_FORCE(struct plot_options, force),
    PMT_OPT_LAST
};

/* What is drawn, if there is any. */
static bool shows(const struct plot_options *opt, int what)
{
    uint32_t both = UINT32_C(1) << WHAT_BOTH;

    if (opt->what == 0 || opt->what >> what & 1)
        return true;
    return (what == WHAT_BYTES || what == WHAT_COUNT) && opt->what & both;
}

static bool shows_live(const struct plot_options *opt)
{
    return shows(opt, WHAT_BYTES) || shows(opt, WHAT_COUNT);
}

/* ---- choices ----------------------------------------------------------- */

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);

    return n >= m && strcmp(name + n - m, ending) == 0;
}

static int choose_format(struct plot_options *opt)
{
    const char *name = opt->output;
    bool file = name && strcmp(name, "-") != 0;

    if (opt->format != NOT_GIVEN || opt->json)
        return PMT_EXIT_OK;
    if (file && ends_with(name, ".svg"))
        opt->format = PMT_CHART_SVG;
    else if (!file || ends_with(name, ".png") || opt->script)
        opt->format = PMT_CHART_PNG;
    else
        return pmt_fail("%s: neither .png nor .svg (--format decides)", name);
    return PMT_EXIT_OK;
}

/* Which kind of record the trace has, from its labels. */
static int find_kind(const struct plot_options *opt, const char *path,
                     int *kind)
{
    struct pmt_reader_options reading = {
        .skip_kinds = ~(UINT64_C(1) << PMT_KIND_STREAM),
        .no_tables = true,
    };
    struct pmt_trace in;
    struct pmt_event event;
    struct pmt_error err;
    int code;

    *kind = KIND_ANY;
    if (pmt_trace_open(&in, path, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    while (*kind != KIND_ALLOC &&
           (code = pmt_trace_next(&in, &event, &err)) == PMT_OK) {
        if (event.type != PMT_EVENT_SKIPPED_CHUNK)
            continue;
        if (event.envelope.kind == PMT_KIND_ALLOC)
            *kind = KIND_ALLOC;
        else if (event.envelope.kind == PMT_KIND_OBJECT)
            *kind = KIND_OBJECT;
    }
    if (*kind != KIND_ALLOC && code < 0)
        return pmt_trace_failed(&in, &err);
    pmt_trace_release(&in);
    return PMT_EXIT_OK;
}

/* The kind is the one asked for, or the one that has the key, or the one that
 * the trace has. */
static int choose_kind(const struct plot_options *opt, const char *path,
                       struct pmt_series *series)
{
    int kind = opt->kind;

    if (kind == KIND_ANY && opt->by == PMT_BY_TYPE)
        kind = KIND_OBJECT;
    else if (kind == KIND_ANY && opt->by == PMT_BY_DOMAIN)
        kind = KIND_ALLOC;
    if (kind == KIND_ANY && find_kind(opt, path, &kind))
        return PMT_EXIT_TROUBLE;
    series->which =
        kind == KIND_OBJECT ? PMT_LIVE_OBJECTS : PMT_LIVE_BLOCKS;
    series->by = kind == KIND_OBJECT ? PMT_BY_TYPE : PMT_BY_SITE;
    if (opt->by != NOT_GIVEN)
        series->by = (enum pmt_group_by)opt->by;
    return PMT_EXIT_OK;
}

/* Nothing matched: the answer is "no". */
static int say_nothing(const struct plot_options *opt,
                       const struct pmt_trace *in,
                       const struct pmt_series *series)
{
    const char *until = series->until.is_end ? "" : " up to that moment";

    if (in->health.refused > 0)
        return PMT_EXIT_NO;
    if (!shows_live(opt))
        pmt_fail("%s: no such records%s", in->name, until);
    else
        pmt_fail("%s: no %s records%s", in->name,
                 opt->kind == KIND_ANY && opt->by == NOT_GIVEN
                     ? opt->what ? "alloc or object"
                                 : "alloc, object, sample, heap or gc"
                 : series->which == PMT_LIVE_OBJECTS ? "object"
                                                     : "alloc",
                 until);
    return PMT_EXIT_NO;
}

/* Records of calls may have RSS; whether they do is seen when they are
 * read. */
static bool may_have_gauges(const struct pmt_series *series)
{
    return (series->gauges &&
            series->kinds & pmt_gauges_kinds(series->gauges)) ||
           (series->shares && series->shares->processes > 0);
}

/* ---- two passes -------------------------------------------------------- */

static int first_pass(const struct plot_options *opt, const char *operand,
                      struct pmt_series *series, char **path)
{
    struct pmt_reader_options reading = {0};
    struct pmt_trace in;
    struct pmt_error err;

    if (pmt_trace_open_moment(&in, operand, &opt->common, NULL))
        return PMT_EXIT_TROUBLE;
    *path = strdup(in.path);
    if (!*path || strcmp(in.path, "-") == 0) {
        pmt_trace_release(&in);
        return pmt_fail("standard input can't be drawn: it takes two passes");
    }
    /* No chart needs the peak as its end. */
    if (choose_kind(opt, in.path, series) ||
        pmt_trace_find_moment(&in, &series->until)) {
        pmt_trace_release(&in);
        return PMT_EXIT_TROUBLE;
    }
    pmt_trace_release(&in);
    reading.skip_kinds = pmt_series_skip_kinds(series);
    if (pmt_trace_open(&in, *path, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    if (pmt_series_rank(series, &in, &err))
        return pmt_trace_failed(&in, &err);
    if (series->streams == 0 && !may_have_gauges(series))
        return pmt_trace_close(&in, say_nothing(opt, &in, series),
                               opt->strict);
    return pmt_trace_close(&in, PMT_EXIT_OK, opt->strict);
}

static int second_pass(const struct plot_options *opt, const char *path,
                       struct pmt_series *series)
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_series_skip_kinds(series),
    };
    struct pmt_trace in;
    struct pmt_error err;

    if (series->gauges)
        reading.skip_kinds &= ~pmt_gauges_kinds(series->gauges);
    if (pmt_trace_open(&in, path, &opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    if (pmt_series_fill(series, &in, &err))
        return pmt_trace_failed(&in, &err);
    pmt_trace_release(&in); /* the first pass has said what is wrong */
    return PMT_EXIT_OK;
}

/* ---- the picture ------------------------------------------------------- */

/* A PNG is drawn with the fonts that are here, an SVG with those of whoever
 * looks at it. */
static int write_script(const struct pmt_chart *chart, FILE *file)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory;

    if (chart->format == PMT_CHART_SVG) {
        pmt_chart_write(chart, file);
        return PMT_EXIT_OK;
    }
    memory = open_memstream(&text, &length);
    if (!memory)
        return pmt_fail("out of memory");
    pmt_chart_write(chart, memory);
    if (fclose(memory)) {
        free(text);
        return pmt_fail("out of memory");
    }
    pmt_glyphs_write(text, length, file);
    free(text);
    return PMT_EXIT_OK;
}

/* gnuplot doesn't say when it could not write all. */
static int check_picture(FILE *picture, int format)
{
    static const char *const ends[] = {
        [PMT_CHART_PNG] = "IEND",
        [PMT_CHART_SVG] = "</svg>",
    };
    char tail[64];
    long size;
    size_t length;

    if (fseek(picture, 0, SEEK_END) || (size = ftell(picture)) < 0)
        return pmt_fail_errno(errno, "cannot read a temporary file");
    if (size == 0)
        return pmt_fail("gnuplot drew nothing");
    fseek(picture, size < 32 ? 0 : size - 32, SEEK_SET);
    length = fread(tail, 1, sizeof tail, picture);
    if (!memmem(tail, length, ends[format], strlen(ends[format])))
        return pmt_fail("gnuplot drew only a part: is the folder for "
                        "temporary files full?");
    rewind(picture);
    return PMT_EXIT_OK;
}

static int run_gnuplot(const struct pmt_chart *chart, FILE *script,
                       FILE *picture, FILE *out)
{
    struct pmt_error err;
    char block[4096];
    size_t length;

    if (write_script(chart, script))
        return PMT_EXIT_TROUBLE;
    if (fflush(script))
        return pmt_fail_errno(errno, "cannot write a temporary file");
    if (pmt_gnuplot_run(script, fileno(picture), &err))
        return pmt_fail("%s", err.message);
    if (check_picture(picture, chart->format))
        return PMT_EXIT_TROUBLE;
    while ((length = fread(block, 1, sizeof block, picture)) > 0)
        fwrite(block, 1, length, out);
    if (ferror(picture))
        return pmt_fail_errno(errno, "cannot read a temporary file");
    return PMT_EXIT_OK;
}

static int draw(const struct pmt_chart *chart, const struct plot_options *opt,
                FILE *out)
{
    FILE *script, *picture;
    int status;

    if (opt->script)
        return write_script(chart, out);
    script = tmpfile();
    picture = tmpfile();
    if (script && picture)
        status = run_gnuplot(chart, script, picture, out);
    else
        status = pmt_fail_errno(errno, "cannot make a temporary file");
    if (script)
        fclose(script);
    if (picture)
        fclose(picture);
    return status;
}

static int write_chart(const struct plot_options *opt, const char *path,
                       const struct pmt_series *series)
{
    const char *slash = strrchr(path, '/');
    struct pmt_chart chart = {
        .series = series,
        .title = slash && slash[1] ? slash + 1 : path,
        .format = (enum pmt_chart_format)opt->format,
        .show = {shows(opt, WHAT_BYTES), shows(opt, WHAT_COUNT)},
        .memory = shows(opt, WHAT_MEMORY),
        .gc = shows(opt, WHAT_GC),
        .cpu = shows(opt, WHAT_CPU),
        .width = (unsigned)opt->width,
        .height = (unsigned)opt->height,
    };
    struct pmt_output out;
    unsigned flags = opt->force ? PMT_OUTPUT_FORCE : 0;

    if (pmt_chart_is_empty(&chart)) {
        pmt_fail("%s: no such records%s", path,
                 series->until.is_end ? "" : " up to that moment");
        return PMT_EXIT_NO;
    }
    if (!opt->script && !opt->json && opt->format == PMT_CHART_PNG)
        flags |= PMT_OUTPUT_BINARY;
    if (pmt_output_open(&out, opt->output, flags))
        return PMT_EXIT_TROUBLE;
    if (opt->json) {
        pmt_series_json(&chart, path, out.file);
    } else if (draw(&chart, opt, out.file)) {
        pmt_output_abandon(&out);
        return PMT_EXIT_TROUBLE;
    }
    return pmt_output_commit(&out);
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct plot_options opt = {.by = NOT_GIVEN, .format = NOT_GIVEN};
    struct pmt_gauges gauges = {0};
    struct pmt_shares shares = {0};
    struct pmt_series series = {0};
    char *path = NULL;
    int status, pass;

    pmt_options_parse(command, argc, argv, &opt.common);
    if (choose_format(&opt))
        return PMT_EXIT_TROUBLE;
    if ((opt.kind == KIND_ALLOC && opt.by == PMT_BY_TYPE) ||
        (opt.kind == KIND_OBJECT && opt.by == PMT_BY_DOMAIN))
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt.by], kind_names[opt.kind]);
    if (opt.json && opt.script)
        return pmt_fail("--json and --script exclude each other");
    series.rank = shows(&opt, WHAT_BYTES) || !shows(&opt, WHAT_COUNT)
                      ? PMT_SERIES_BYTES
                      : PMT_SERIES_COUNT;
    gauges.memory = shows(&opt, WHAT_MEMORY);
    gauges.gc = shows(&opt, WHAT_GC);
    if (gauges.memory || gauges.gc)
        series.gauges = &gauges;
    if (gauges.memory || shows(&opt, WHAT_CPU))
        series.shares = &shares;
    shares.lines_max = (size_t)opt.top < PMT_CHART_LINES - 1
                           ? (size_t)opt.top
                           : PMT_CHART_LINES - 1;
    series.lines_max = (size_t)opt.top;
    series.columns = (size_t)opt.width; /* one for each pixel is enough */
    status = first_pass(&opt, argv[0], &series, &path);
    if (status != PMT_EXIT_TROUBLE &&
        (series.streams > 0 || may_have_gauges(&series))) {
        pass = second_pass(&opt, path, &series);
        if (pass == PMT_EXIT_OK)
            pass = write_chart(&opt, path, &series);
        status = pmt_exit_worse(status, pass);
    }
    pmt_series_release(&series);
    pmt_gauges_release(&gauges);
    pmt_shares_release(&shares);
    free(path);
    return status;
}

const struct pmt_command pmt_command_plot = {
    .name = "plot",
    .summary = "draw what was alive, and the memory of the process, over time",
    .usage = (const char *const[]){"[options] FILE[@MOMENT]", NULL},
    .description = (const char *const[]){
        "Draws the bytes and the number of live objects, or blocks of memory, "
        "over time: a curve for each of the largest types or sites, one above "
        "the other, and one for all others; marks as dashed lines. The legend "
        "has the most that each one ever had.",
        "Each column of the picture shows the moment in it at which most was "
        "live, so no peak is too short to be seen. With several streams it "
        "adds up a moment of each. FILE@MOMENT ends the chart there.",
        "Below come, where the trace has them, the memory of the process: RSS "
        "and the figures of its allocators in bytes, the largest of them, "
        "beside the live blocks; and the longest pause of the garbage "
        "collector in each column.",
        "Of samples of one process it draws the resident set and the processor "
        "time, of several the same of each, one above the other: the N with "
        "most and all others, or where there are over 40 by program.",
        "The picture is drawn by gnuplot, which must be installed. --script "
        "prints what it is given, for you to change: "
        "\"pmt plot --script a.pmt | gnuplot >a.png\".",
        NULL},
    .examples = (const char *const[]){
        "pmt plot -o a.png a.pmt", "draw what a.pmt holds",
        "pmt plot -o a.svg --by file --what bytes a.pmt",
        "the bytes by file, as SVG",
        "pmt plot --what memory,gc -o m.png a.pmt",
        "RSS, allocators and pauses alone",
        "pmt plot --what memory,cpu -o m.svg a.pmt",
        "RSS and processor time, as SVG", NULL},
    .exit_status = (const char *const[]){
        "the chart was drawn, though the trace may end early",
        "the trace has nothing to draw, or is corrupt: what is sound of it was "
        "drawn",
        "the trace could not be read, or gnuplot could not be run"},
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
