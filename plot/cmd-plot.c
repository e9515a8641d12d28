/* cmd-plot.c: the command `pmt plot`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "commands.h"
#include "figure-draw.h"
#include "kinds.h"
#include "picture.h"

struct plot_options {
    struct pmt_common common; /* must come first */
    const char *output, *data, *script;
    int64_t top, width, height;
    uint32_t what; /* bits of what_names; 0: not given */
    int chart, by, kind, format;
    bool force, json, terminal, interactive, wall, strict;
};

/* What is not given is chosen by the trace or the name of the output. */
#define NOT_GIVEN (-1)
#define TRACES_MAX 2

static const char *const record_names[] = {"any", "alloc", "object", NULL};
static const char *const what_names[] = {
    "bytes", "count", "both", "memory", "gc", "cpu", "faults", "vms", NULL};
#define WHAT_LIVE                                                             \
    (1u << PMT_PLOT_BYTES | 1u << PMT_PLOT_COUNT | 1u << PMT_PLOT_BOTH)
static const char *const format_names[] = {"png", "svg", "pdf", NULL};
enum { FORMAT_PNG, FORMAT_SVG, FORMAT_PDF };

static const struct pmt_option options[] = {
    PMT_OPT_CHOICE('c', "chart", "CHART", struct plot_options, chart,
                   pmt_plot_kind_names,
                   "which chart; without it the one for what the trace has"),
    PMT_OPT_CHOICE('b', "by", "KEY", struct plot_options, by,
                   pmt_group_by_names,
                   "a curve for each KEY; without it by type for objects and "
                   "by site for blocks"),
    PMT_OPT_CHOICE('k', "kind", "KIND", struct plot_options, kind,
                   record_names,
                   "draw blocks (alloc), objects, or what there is, blocks "
                   "first",
                   .preset = "any"),
    PMT_OPT_INT('n', "top", "N", struct plot_options, top,
                "the N largest have curves of their own", .preset = "9",
                .low = 1, .high = PMT_PLOT_LINES),
    PMT_OPT_SET(0, "what", "WHAT", struct plot_options, what, what_names,
                "of live: its bytes, count, or both; of rss: figures of "
                "memory, with vms the address space too, pauses of the "
                "collector, processor time, page faults; without it all but "
                "vms"),
    PMT_OPT_FLAG(0, "wall", struct plot_options, wall,
                 "the time axis is the wall clock, UTC"),
    PMT_OPT_HEADING("Picture"),
    PMT_OPT_INT(0, "width", "PIXELS", struct plot_options, width,
                "width of the picture", .preset = "1200", .low = 300,
                .high = 10000),
    PMT_OPT_INT(0, "height", "PIXELS", struct plot_options, height,
                "height of the picture", .preset = "800", .low = 300,
                .high = 10000),
    PMT_OPT_CHOICE(0, "format", "FORMAT", struct plot_options, format,
                   format_names,
                   "of the picture; without it by the output's name, or png"),
    PMT_OPT_FLAG(0, "interactive", struct plot_options, interactive,
                 "an SVG that a browser shows with coordinates and zoom by "
                 "the mouse"),
    PMT_OPT_FLAG(0, "terminal", struct plot_options, terminal,
                 "print the chart as text, and don't run gnuplot"),
    PMT_OPT_STRING(0, "data", "FILE", struct plot_options, data,
                   "write the data as a table, tab-separated; a picture only "
                   "with -o"),
    PMT_OPT_STRING(0, "script", "FOLDER", struct plot_options, script,
                   "write chart.plt and chart.dat there, which gnuplot draws "
                   "the chart from; -: print the script, with its data; a "
                   "picture only with -o"),
    PMT_OPT_FLAG(0, "json", struct plot_options, json,
                 "print the data as JSON, one object a line, and draw "
                 "nothing"),
    PMT_OPT_STRICT(struct plot_options, strict),
    PMT_OPT_OUTPUT(struct plot_options, output),
    PMT_OPT_FORCE(struct plot_options, force),
    PMT_OPT_LAST
};

/* ---- choices ------------------------------------------------------------- */

static bool is_dash(const char *name)
{
    return name && strcmp(name, "-") == 0;
}

/* Is a picture to be drawn? */
static bool draws(const struct plot_options *opt)
{
    if (opt->json || opt->terminal || is_dash(opt->script))
        return false;
    return opt->output || (!opt->data && !opt->script);
}

static int choose_format(struct plot_options *opt)
{
    const char *name = opt->output;

    if (opt->interactive && opt->format != NOT_GIVEN &&
        opt->format != FORMAT_SVG)
        return pmt_fail("--interactive is an SVG");
    if (opt->interactive && name &&
        (pmt_text_ends_with(name, ".png") || pmt_text_ends_with(name, ".pdf")))
        return pmt_fail("%s: --interactive is an SVG, and this is named as "
                        "another picture", name);
    if (opt->interactive && (opt->json || opt->terminal))
        return pmt_fail("--interactive is an SVG: not with --%s",
                        opt->json ? "json" : "terminal");
    if (opt->interactive)
        opt->format = FORMAT_SVG;
    if (opt->format != NOT_GIVEN)
        return PMT_EXIT_OK;
    opt->format = FORMAT_PNG;
    if (!draws(opt) || !name || is_dash(name) || pmt_text_ends_with(name, ".png"))
        return PMT_EXIT_OK;
    if (pmt_text_ends_with(name, ".svg"))
        opt->format = FORMAT_SVG;
    else if (pmt_text_ends_with(name, ".pdf"))
        opt->format = FORMAT_PDF;
    else
        return pmt_fail("%s: not .png, .svg or .pdf (--format decides)",
                        name);
    return PMT_EXIT_OK;
}

static int check_options(const struct plot_options *opt)
{
    if ((opt->kind == PMT_PLOT_ALLOC && opt->by == PMT_BY_TYPE) ||
        (opt->kind == PMT_PLOT_OBJECT && opt->by == PMT_BY_DOMAIN))
        return pmt_fail("--by %s is not for --kind %s",
                        pmt_group_by_names[opt->by], record_names[opt->kind]);
    if (opt->json + opt->terminal + is_dash(opt->script) > 1)
        return pmt_fail("--json, --terminal and --script - exclude each "
                        "other");
    if (is_dash(opt->data) && !opt->output &&
        (opt->json || opt->terminal || is_dash(opt->script)))
        return pmt_fail("only one thing can go to standard output");
    return PMT_EXIT_OK;
}

/* NULL after saying why there is none. */
static const struct pmt_plot_kind *
choose_kind(const struct plot_options *opt, const struct pmt_heading *traces,
            size_t count)
{
    const struct pmt_plot_kind *kind;

    if (opt->chart != NOT_GIVEN) {
        kind = pmt_plot_kinds[opt->chart];
        if (count >= kind->operands_min && count <= kind->operands_max)
            return kind;
        pmt_fail("chart %s is of %zu trace%s, not of %zu", kind->name,
                 kind->operands_min, kind->operands_min == 1 ? "" : "s",
                 count);
        return NULL;
    }
    if (opt->what && count == 1)
        return opt->what & WHAT_LIVE ? &pmt_plot_live : &pmt_plot_rss;
    for (size_t i = 0; pmt_plot_kinds[i]; i++) {
        bool several = count > 1;

        kind = pmt_plot_kinds[i];
        if (count >= kind->operands_min && count <= kind->operands_max &&
            (several || (kind->fits && kind->fits(traces[0].kinds))))
            return kind;
    }
    return NULL;
}

/* ---- outputs ------------------------------------------------------------- */

static void put_json(const struct pmt_plot_kind *kind,
                     const struct pmt_plot_request *request,
                     const struct pmt_plot_figure *figure, FILE *file)
{
    const struct pmt_heading *trace = &request->traces[0];
    struct pmt_json j;

    pmt_json_init(&j, file);
    pmt_json_line_begin(&j);
    pmt_json_string(&j, "row", "plot");
    pmt_json_string(&j, "chart", kind->name);
    pmt_json_string(&j, "trace", trace->shown);
    pmt_json_bytes(&j, "program", trace->program, strlen(trace->program));
    pmt_json_bytes(&j, "host", trace->host, strlen(trace->host));
    pmt_json_u64(&j, "streams", trace->streams);
    pmt_json_u64(&j, "span_ns", trace->span_ns);
    pmt_json_i64(&j, "real_ns", trace->origin_real_ns);
    pmt_json_u64(&j, "lost", trace->lost);
    pmt_json_bool(&j, "estimated", trace->sample_bytes > 0);
    pmt_json_u64(&j, "sample_bytes", trace->sample_bytes);
    pmt_json_bytes(&j, "title", figure->title, strlen(figure->title));
    if (figure->note)
        pmt_json_bytes(&j, "note", figure->note, strlen(figure->note));
    pmt_json_line_end(&j);
    pmt_figure_json(figure, &j);
}

/* By the locale, as setlocale() would look for it. */
static bool is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *locale = getenv(names[i]);

        if (locale && *locale)
            return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
    }
    return false;
}

/* What an environment variable has, or the terminal, or 0: not known. */
static unsigned size_of(const char *variable, unsigned short terminal)
{
    const char *text = getenv(variable);
    long given = text ? strtol(text, NULL, 10) : 0;

    return given > 0 && given < 10000 ? (unsigned)given : terminal;
}

static void put_terminal(const struct pmt_plot_figure *figure,
                         const struct pmt_output *out)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    struct winsize size = {0};
    struct pmt_terminal_look look = {.ascii = !is_utf8()};
    unsigned width, height;

    if (out->is_terminal && ioctl(out->fd, TIOCGWINSZ, &size))
        memset(&size, 0, sizeof size);
    width = size_of("COLUMNS", size.ws_col);
    height = size_of("LINES", size.ws_row);
    look.columns = width == 0 ? 80 : width < 20 ? 20 : width > 500 ? 500
                                                                   : width;
    /* The prompt has a line too. What is no terminal has no height. */
    look.rows = height == 0 ? 36 : height < 12 ? 12 : height > 200 ? 200
                                                                   : height - 1;
    look.colours = out->is_terminal && !(no_colour && *no_colour) && term &&
                   strcmp(term, "dumb") != 0;
    pmt_figure_terminal(figure, &look, out->file);
}

static struct pmt_figure_drawing
drawing_of(const struct plot_options *opt,
           const struct pmt_plot_figure *figure)
{
    static const enum pmt_picture pictures[] = {
        [FORMAT_PNG] = PMT_PICTURE_PNG,
        [FORMAT_SVG] = PMT_PICTURE_SVG,
        [FORMAT_PDF] = PMT_PICTURE_PDF,
    };

    return (struct pmt_figure_drawing){
        .figure = figure,
        .picture = opt->interactive ? PMT_PICTURE_SVG_INTERACTIVE
                                    : pictures[opt->format],
        .width = (unsigned)opt->width,
        .height = (unsigned)opt->height,
    };
}

static unsigned flags_of(const struct plot_options *opt)
{
    return opt->force ? PMT_OUTPUT_FORCE : 0;
}

/* One of the two files in the folder. */
static int write_part(const struct plot_options *opt,
                      const struct pmt_figure_drawing *drawing,
                      const char *name, bool is_script)
{
    struct pmt_output out;
    char *path;
    int status = PMT_EXIT_OK;

    if (asprintf(&path, "%s/%s", opt->script, name) < 0)
        return pmt_fail("out of memory");
    status = pmt_output_open(&out, path, flags_of(opt));
    free(path);
    if (status)
        return status;
    if (!is_script)
        pmt_figure_data(drawing, out.file);
    else
        status = pmt_picture_script(drawing, out.file);
    if (status) {
        pmt_output_abandon(&out);
        return status;
    }
    return pmt_output_commit(&out);
}

static int write_folder(const struct plot_options *opt,
                        const struct pmt_plot_figure *figure)
{
    static const char *const names[] = {
        [FORMAT_PNG] = "chart.png",
        [FORMAT_SVG] = "chart.svg",
        [FORMAT_PDF] = "chart.pdf",
    };
    struct pmt_figure_drawing drawing = drawing_of(opt, figure);

    drawing.data_name = "chart.dat";
    drawing.picture_name = names[opt->format];
    if (mkdir(opt->script, 0777) && errno != EEXIST)
        return pmt_fail_errno(errno, "cannot make %s", opt->script);
    if (write_part(opt, &drawing, "chart.dat", false))
        return PMT_EXIT_TROUBLE;
    return write_part(opt, &drawing, "chart.plt", true);
}

static int write_table(const struct plot_options *opt,
                       const struct pmt_plot_figure *figure)
{
    struct pmt_output out;

    if (pmt_output_open(&out, opt->data, flags_of(opt)))
        return PMT_EXIT_TROUBLE;
    pmt_figure_table(figure, out.file);
    return pmt_output_commit(&out);
}

/* The picture, or what is printed in its place. */
static int write_product(const struct plot_options *opt,
                         const struct pmt_plot_kind *kind,
                         const struct pmt_plot_request *request,
                         const struct pmt_plot_figure *figure)
{
    struct pmt_figure_drawing drawing = drawing_of(opt, figure);
    bool binary = draws(opt) && opt->format != FORMAT_SVG;
    struct pmt_output out;
    int status = PMT_EXIT_OK;

    if (pmt_output_open(&out, opt->output,
                        flags_of(opt) | (binary ? PMT_OUTPUT_BINARY : 0)))
        return PMT_EXIT_TROUBLE;
    if (opt->json)
        put_json(kind, request, figure, out.file);
    else if (opt->terminal)
        put_terminal(figure, &out);
    else if (is_dash(opt->script))
        status = pmt_picture_script(&drawing, out.file);
    else
        status = pmt_picture_draw(&drawing, out.file);
    if (status) {
        pmt_output_abandon(&out);
        return status;
    }
    return pmt_output_commit(&out);
}

static int write_all(const struct plot_options *opt,
                     const struct pmt_plot_kind *kind,
                     const struct pmt_plot_request *request,
                     const struct pmt_plot_figure *figure)
{
    if (opt->data && write_table(opt, figure))
        return PMT_EXIT_TROUBLE;
    if (opt->script && !is_dash(opt->script) && write_folder(opt, figure))
        return PMT_EXIT_TROUBLE;
    if (opt->json || opt->terminal || is_dash(opt->script) || draws(opt))
        return write_product(opt, kind, request, figure);
    return PMT_EXIT_OK;
}

/* ---- the command --------------------------------------------------------- */

static int plot(const struct plot_options *opt, char **operands, size_t count,
                const struct pmt_heading *traces)
{
    const struct pmt_plot_kind *kind = choose_kind(opt, traces, count);
    const struct pmt_plot_request request = {
        .common = &opt->common,
        .operands = operands,
        .traces = traces,
        .count = count,
        .records = (enum pmt_plot_records)opt->kind,
        .by = opt->by == NOT_GIVEN ? PMT_BY_SITE : (enum pmt_group_by)opt->by,
        .by_given = opt->by != NOT_GIVEN,
        .top = (size_t)opt->top,
        .columns = (size_t)opt->width, /* one for each pixel is enough */
        .what = opt->what,
        .strict = opt->strict,
    };
    struct pmt_plot_figure figure = {0};
    int status;

    if (!kind && opt->chart != NOT_GIVEN)
        return PMT_EXIT_TROUBLE;
    if (!kind) { /* it also says what is wrong with the trace */
        kind = pmt_plot_kinds[0];
        if (count > kind->operands_max)
            return pmt_fail("no chart is of %zu traces", count);
    }
    status = kind->make(&request, &figure);
    figure.wall = opt->wall && figure.origin_real_ns != 0;
    if (status != PMT_EXIT_TROUBLE && figure.failed)
        status = pmt_fail("out of memory");
    if (status != PMT_EXIT_TROUBLE && figure.panel_count > 0)
        status = pmt_exit_worse(status,
                                write_all(opt, kind, &request, &figure));
    pmt_figure_release(&figure);
    return status;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct plot_options opt = {
        .chart = NOT_GIVEN, .by = NOT_GIVEN, .format = NOT_GIVEN};
    struct pmt_heading traces[TRACES_MAX] = {{0}};
    int count = pmt_options_parse(command, argc, argv, &opt.common);
    int status = choose_format(&opt);

    if (status == PMT_EXIT_OK)
        status = check_options(&opt);
    for (int i = 0; status == PMT_EXIT_OK && i < count; i++)
        status = pmt_heading_read(&traces[i], argv[i], &opt.common);
    if (status == PMT_EXIT_OK)
        status = plot(&opt, argv, (size_t)count, traces);
    for (int i = 0; i < TRACES_MAX; i++)
        pmt_heading_release(&traces[i]);
    return status;
}

const struct pmt_command pmt_command_plot = {
    .name = "plot",
    .summary = "draw what was alive, and the memory of the process, over time",
    .usage = (const char *const[]){"[options] FILE[@MOMENT]...", NULL},
    .description = (const char *const[]){
        "Draws a chart of a trace. Without -c it is the one for what the "
        "trace has.",
        " live    what was live over time: the N largest types or sites, one "
        "above\n"
        "         the other, and all others\n"
        " rss     the process: RSS and other figures of memory, traced bytes,\n"
        "         processor time, page faults, pauses of the collector\n"
        " tree    memory and processor time of several processes, one above "
        "the other;\n"
        "         where there are over 40, by program\n"
        " heap    Python's allocator: used, free and lost bytes of its arenas, "
        "and of\n"
        "         size classes\n"
        " rate    what is allocated and freed a second\n"
        " sizes   how many blocks of which size were made, and are live\n"
        " ages    how long blocks lived, and how old those are that live\n"
        " growth  the types or sites that grow most, each with its verdict, as\n"
        "         live --growth has it\n"
        " flow    the resident set, and in which functions it rose\n"
        " diff    two traces, or two moments of one: what was live, and the\n"
        "         largest changes",
        "Each column of the picture of live shows the moment in it at which "
        "most was live, so no peak is too short to be seen. With several "
        "streams it adds up a moment of each. Of RSS and other figures it "
        "shows the highest, and as a band the least. FILE@MOMENT ends the "
        "chart there. Marks are dashed lines.",
        "The picture is drawn by gnuplot, which must be installed, but for "
        "--terminal, --data, --script and --json. A trace is read more than "
        "once: one from a pipe is first copied into a temporary file.",
        NULL},
    .examples = (const char *const[]){
        "pmt plot -o a.png a.pmt", "draw what a.pmt holds",
        "pmt plot -o a.svg --by file --what bytes a.pmt",
        "the live bytes by file, as SVG",
        "pmt plot -c rss --wall -o m.png a.pmt",
        "RSS, processor time, faults and pauses by the wall clock",
        "pmt plot -c rss --what memory,gc --data m.tsv a.pmt",
        "RSS, allocators and pauses as a table",
        "pmt plot -c growth -o g.png a.pmt", "is there a leak, and where",
        "pmt plot -c ages -o a.png a.pmt@12.5s",
        "how long blocks lived, and how old those are that live",
        "pmt plot -c diff -o d.png a.pmt@1s a.pmt@peak",
        "what made the difference between two moments",
        "pmt plot --terminal a.pmt", "the chart in the terminal", NULL},
    .exit_status = (const char *const[]){
        "the chart was drawn, though the trace may end early",
        "the trace has nothing to draw, or is corrupt: what is sound of it was "
        "drawn",
        "the trace could not be read, or gnuplot could not be run"},
    .options = options,
    .operands_min = 1,
    .operands_max = TRACES_MAX,
    .run = run,
};
