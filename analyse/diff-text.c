/* diff-text.c: a diff as a person reads it; see diff-report.h. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "diff-noise.h"
#include "diff-report.h"
#include "names.h"

/* Callers shown below a row at most. */
#define FRAMES_MAX 100

#define NUMBER_SIZE 64

size_t pmt_diff_shown(const struct pmt_diff_report *report)
{
    size_t rows = report->all ? report->diff->present : report->diff->changed;

    return rows < report->top ? rows : (size_t)report->top;
}

bool pmt_diff_shows(const struct pmt_diff_report *report, size_t i)
{
    const struct pmt_diff *diff = report->diff;

    return i < pmt_diff_shown(report) || diff->rows[diff->order[i]].over;
}

/* ---- numbers ----------------------------------------------------------- */

static bool is_whole(pmt_diff_number value)
{
    return value == floorl(value) && fabsl(value) < 0x1p63L;
}

/* "1,234", "0.25"; with `sign` "+1,234". */
static const char *number_text(char *buffer, pmt_diff_number value, bool sign)
{
    if (is_whole(value) && (sign || value < 0))
        return pmt_text_count_delta(buffer, (int64_t)value);
    if (is_whole(value))
        return pmt_text_count(buffer, (uint64_t)value);
    snprintf(buffer, NUMBER_SIZE, sign ? "%+.*Lf" : "%.*Lf",
             fabsl(value) < 100 ? 3 : 1, value);
    return buffer;
}

static const char *size_text(char *buffer, pmt_diff_number value, bool sign)
{
    if (fabsl(value) >= 0x1p62L)
        return number_text(buffer, value, sign);
    if (sign)
        return pmt_text_size_delta(buffer, (int64_t)roundl(value));
    return pmt_text_size(buffer, (uint64_t)roundl(value));
}

static const char *noun(const struct pmt_diff_report *report)
{
    return report->what == PMT_DIFF_OBJECTS ? "objects" : "blocks";
}

/* ---- what is said first ------------------------------------------------- */

static void print_name(const char *name, FILE *file)
{
    pmt_text_write(file, name, strlen(name));
}

static void print_side(const struct pmt_diff_report *report,
                       enum pmt_diff_side side, const char *title, FILE *file)
{
    const struct pmt_diff *diff = report->diff;
    const pmt_diff_number *value = diff->all.value[side];
    const char *about = diff->all.estimated ? "~" : "";
    char count[NUMBER_SIZE], bytes[NUMBER_SIZE], size[NUMBER_SIZE];

    fprintf(file, "  %s: %s%s %s, %s%s bytes (%s)", title, about,
            number_text(count, value[PMT_DIFF_COUNT], false), noun(report),
            about, number_text(bytes, value[PMT_DIFF_BYTES], false),
            size_text(size, value[PMT_DIFF_BYTES], false));
    if (diff->runs[side] > 1)
        fprintf(file, ", medians of %zu runs", diff->runs[side]);
    if (report->found[side]->snapshot)
        fputs(", of a snapshot", file);
    if (report->found[side]->exit)
        fputs(diff->runs[side] > 1
                  ? ", where their interpreters began to end"
                  : ", where the interpreter began to end", file);
    if (report->found[side]->approximate)
        fputs(", approximate: events were lost", file);
    fputc('\n', file);
}

static void print_sides(const struct pmt_diff_report *report, FILE *file)
{
    if (report->names[2]) {
        print_side(report, PMT_DIFF_B, "born between A and B, alive at C",
                   file);
        return;
    }
    print_side(report, PMT_DIFF_A, "A", file);
    print_side(report, PMT_DIFF_B, "B", file);
}

static void print_notes(const struct pmt_diff_report *report, FILE *file)
{
    const struct pmt_diff *diff = report->diff;
    char number[NUMBER_SIZE];

    if (report->per) {
        fputs("  all per ", file);
        print_name(report->per, file);
        fputc('\n', file);
    }
    if (diff->moved)
        fprintf(file, "  %s line%s that moved matched by function: BEFORE -> "
                "NOW\n", pmt_text_count(number, diff->moved),
                diff->moved == 1 ? "" : "s");
    if (diff->estimated)
        fputs("  ~ estimates from samples; with a ? the 95% range holds 0: "
              "there may be no change\n", file);
    if (diff->noisy && !pmt_noise_tests(diff->runs[0], diff->runs[1]))
        fprintf(file, "  noise is judged by the span of the runs: for a test "
                "there must be %d a side\n", PMT_NOISE_RUNS);
}

static void print_head(const struct pmt_diff_report *report, FILE *file)
{
    static const char *const titles[] = {
        [PMT_DIFF_BLOCKS] = "live blocks", [PMT_DIFF_OBJECTS] = "live objects",
        [PMT_DIFF_HEAP] = "allocators", [PMT_DIFF_PROCESS] = "processes"};

    fprintf(file, "%s", titles[report->what]);
    for (int i = 0; i < 3 && report->names[i]; i++) {
        fputs(i == 0 ? ": " : " -> ", file);
        print_name(report->names[i], file);
    }
    fputc('\n', file);
    if (!report->diff->figures)
        print_sides(report, file);
    else if (report->diff->runs[0] + report->diff->runs[1] > 2)
        fprintf(file, "  medians of %zu and %zu runs\n",
                report->diff->runs[0], report->diff->runs[1]);
    print_notes(report, file);
}

/* ---- rows -------------------------------------------------------------- */

static void put_range(struct pmt_listing *list, const struct pmt_diff_row *row)
{
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    const struct pmt_diff_limits *limits = &row->limits[PMT_DIFF_BYTES];

    if (!row->estimated) {
        pmt_listing_text(list, NULL);
        return;
    }
    pmt_listing_printf(list, "%s%s..%s",
                       row->unsure[PMT_DIFF_BYTES] ? "? " : "",
                       size_text(low, limits->low, true),
                       size_text(high, limits->high, true));
}

static void put_noise(struct pmt_listing *list, const struct pmt_diff_row *row)
{
    bool beyond = row->beyond[PMT_DIFF_BYTES] || row->beyond[PMT_DIFF_COUNT];

    pmt_listing_text(list, beyond ? "beyond" : "within");
}

static void put_numbers(struct pmt_listing *list,
                        const struct pmt_diff_report *report,
                        const struct pmt_diff_row *row)
{
    const char *about = row->estimated ? "~" : "";
    char text[NUMBER_SIZE];

    for (int m = 0; m < PMT_DIFF_MEASURES; m++) {
        pmt_listing_printf(list, "%s%s", about,
                           number_text(text, row->value[PMT_DIFF_B][m],
                                       false));
        if (!report->names[2])
            pmt_listing_printf(list, "%s%s", about,
                               number_text(text, row->change[m], true));
    }
    pmt_listing_text(list, size_text(text, row->change[PMT_DIFF_BYTES],
                                     !report->names[2]));
    if (report->diff->estimated)
        put_range(list, row);
    if (report->diff->noisy)
        put_noise(list, row);
}

static void put_figure(struct pmt_listing *list,
                       const struct pmt_diff_report *report,
                       const struct pmt_diff_row *row)
{
    struct pmt_text unit = pmt_diff_text(report->diff, row->unit);
    char text[NUMBER_SIZE], name[PMT_NAME_SIZE];

    for (int side = 0; side < PMT_DIFF_SIDES; side++)
        pmt_listing_text(list, number_text(text,
                                           row->value[side][PMT_DIFF_BYTES],
                                           false));
    pmt_listing_text(list,
                     number_text(text, row->change[PMT_DIFF_BYTES], true));
    if (pmt_diff_in_bytes(unit))
        pmt_listing_text(list,
                         size_text(text, row->change[PMT_DIFF_BYTES], true));
    else
        pmt_listing_text(list, NULL);
    if (report->diff->noisy)
        put_noise(list, row);
    snprintf(name, sizeof name, "%.*s", (int)unit.length,
             unit.bytes ? unit.bytes : "");
    pmt_listing_text(list, name);
}

/* Cells of a row before its name, with their titles. */
static size_t make_columns(const struct pmt_diff_report *report,
                           struct pmt_listing_column *columns)
{
    size_t n = 0;

    if (report->diff->figures) {
        columns[n++].title = "A";
        columns[n++].title = "B";
        columns[n++].title = "+/-";
        columns[n++].title = "size +/-";
    } else if (report->names[2]) {
        columns[n++].title = noun(report);
        columns[n++].title = "bytes";
        columns[n++].title = "size";
    } else {
        columns[n++].title = noun(report);
        columns[n++].title = "+/-";
        columns[n++].title = "bytes";
        columns[n++].title = "+/-";
        columns[n++].title = "size +/-";
    }
    if (report->diff->estimated)
        columns[n++].title = "95% range";
    if (report->diff->noisy)
        columns[n++].title = "noise";
    for (size_t i = 0; i < n; i++)
        columns[i].right = true;
    if (report->diff->figures)
        columns[n++].title = "unit";
    columns[n] = (struct pmt_listing_column){
        .title = report->diff->figures ? "figure"
                                       : pmt_group_by_names[report->diff->by],
        .shrinks = true};
    return n;
}

static void put_row(struct pmt_listing *list,
                    const struct pmt_diff_report *report,
                    const struct pmt_diff_row *row)
{
    char name[PMT_NAME_SIZE];

    if (report->diff->figures)
        put_figure(list, report, row);
    else
        put_numbers(list, report, row);
    pmt_diff_name(name, sizeof name, report->diff, row);
    pmt_listing_text(list, name);
}

static void put_callers(struct pmt_listing *list,
                        const struct pmt_diff_report *report,
                        const struct pmt_diff_row *row, size_t cells)
{
    char name[PMT_NAME_SIZE + 8] = "  by ";

    for (uint32_t i = 1; i < row->frame_count && i <= FRAMES_MAX + 1; i++) {
        if (i <= FRAMES_MAX)
            pmt_diff_frame_name(name + 5, PMT_NAME_SIZE, report->diff, row, i);
        else
            snprintf(name, sizeof name, "  and %" PRIu32 " more",
                     row->frame_count - i);
        pmt_listing_below(list, cells, name);
    }
}

static void put_rest(struct pmt_listing *list,
                     const struct pmt_diff_report *report, size_t rest,
                     size_t cells)
{
    if (!rest)
        return;
    for (size_t k = 0; k < cells; k++)
        pmt_listing_text(list, NULL);
    pmt_listing_printf(list, "(%zu other%s%s)", rest, rest == 1 ? "" : "s",
                       report->all ? "" : " changed");
}

static void print_rows(const struct pmt_diff_report *report, FILE *file)
{
    const struct pmt_diff *diff = report->diff;
    struct pmt_listing_column columns[9] = {{0}};
    size_t cells = make_columns(report, columns), rest = 0;
    struct pmt_listing *list = pmt_listing_new(columns, cells + 1);
    size_t rows = report->all ? diff->present : diff->changed;

    for (size_t i = 0; i < rows; i++) {
        if (!pmt_diff_shows(report, i)) {
            rest++;
            continue;
        }
        put_row(list, report, &diff->rows[diff->order[i]]);
        put_callers(list, report, &diff->rows[diff->order[i]], cells);
    }
    put_rest(list, report, rest, cells);
    if (!diff->figures)
        put_row(list, report, &diff->all);
    pmt_listing_print(list, file);
    pmt_listing_free(list);
}

/* ---- the limit --------------------------------------------------------- */

static void print_over(const struct pmt_diff_report *report,
                       const struct pmt_diff_row *row, FILE *file)
{
    const struct pmt_diff *diff = report->diff;
    enum pmt_diff_measure m = pmt_diff_limit_measure(diff, report->limit);
    struct pmt_text unit = pmt_diff_text(diff, row->unit);
    char a[NUMBER_SIZE], b[NUMBER_SIZE], name[PMT_NAME_SIZE];

    if (!row->over)
        return;
    fprintf(file, "  %s ", number_text(a, row->change[m], true));
    if (diff->figures)
        pmt_text_write(file, unit.bytes, unit.length);
    else
        fputs(m == PMT_DIFF_BYTES ? "bytes" : noun(report), file);
    if (report->limit->kind != PMT_DIFF_OF_COUNT)
        fprintf(file, " (%s of %s allowed)", size_text(a, row->change[m], true),
                size_text(b, pmt_diff_limit_of(diff, report->limit, row),
                          false));
    fputs("  ", file);
    pmt_diff_name(name, sizeof name, diff, row);
    pmt_text_write(file, name, strlen(name));
    fputc('\n', file);
}

static void print_limit(const struct pmt_diff_report *report, FILE *file)
{
    const struct pmt_diff *diff = report->diff;

    if (!report->limit || !report->over)
        return;
    fprintf(file, "\ngrew by more than %s:\n", report->limit->text);
    if (!diff->figures)
        print_over(report, &diff->all, file);
    for (size_t i = 0; i < diff->present; i++)
        print_over(report, &diff->rows[diff->order[i]], file);
}

void pmt_diff_report_text(const struct pmt_diff_report *report, FILE *file)
{
    const struct pmt_diff *diff = report->diff;

    print_head(report, file);
    fputc('\n', file);
    if ((report->all ? diff->present : diff->changed) > 0)
        print_rows(report, file);
    print_limit(report, file);
}
