/* chart-shares.c: the panels of several processes, one above the other, and of
 * processor time; see chart.h. */
#include <stdlib.h>
#include <string.h>

#include "chart-private.h"
#include "chart-text.h"
#include "cli/text.h"

/* User and system of the one process. */
static const char *const cpu_colours[] = {"#0072b2", "#e69f00"};
static const char *const cpu_names[] = {"CPU, user", "CPU, system"};

static const struct pmt_shares *shares_of(const struct layout *layout)
{
    return layout->chart->series->shares;
}

static bool is_one(const struct layout *layout)
{
    return shares_of(layout)->processes == 1;
}

const char *pmt_chart_share_colour(const struct layout *layout, size_t slot)
{
    if (is_one(layout))
        return cpu_colours[slot % 2];
    return pmt_chart_palette(slot < shares_of(layout)->line_count
                                 ? slot
                                 : PMT_CHART_LINES);
}

/* ---- legend ------------------------------------------------------------ */

static uint64_t sum_of(const struct layout *layout,
                       const struct pmt_stack *stack, size_t slot)
{
    uint64_t sum = 0;

    for (size_t c = 0; c < layout->chart->series->columns; c++)
        sum += stack->values[c * stack->slots + slot];
    return sum;
}

static uint64_t most_of(const struct layout *layout,
                        const struct pmt_stack *stack, size_t slot)
{
    uint64_t most = 0;

    for (size_t c = 0; c < layout->chart->series->columns; c++)
        if (stack->values[c * stack->slots + slot] > most)
            most = stack->values[c * stack->slots + slot];
    return most;
}

char *pmt_chart_share_name(const struct layout *layout, size_t slot)
{
    const struct pmt_shares *s = shares_of(layout);
    const struct pmt_share *line = &s->lines[slot];
    char *name = NULL, count[PMT_TEXT_SIZE];

    if (is_one(layout))
        return strdup(cpu_names[slot % 2]);
    if (slot >= s->line_count)
        return asprintf(&name, "%s other process%s",
                        pmt_text_count(count, s->others),
                        s->others == 1 ? "" : "es") < 0
                   ? NULL
                   : name;
    if (s->programs == 0)
        return strdup(line->name);
    if (line->processes == 1)
        return strdup(line->name);
    return asprintf(&name, "%s, %s processes", line->name,
                    pmt_text_count(count, line->processes)) < 0
               ? NULL
               : name;
}

char *pmt_chart_share_most(const struct layout *layout, size_t slot)
{
    const struct pmt_shares *s = shares_of(layout);
    char *text = NULL, size[PMT_TEXT_SIZE] = "", time[PMT_TEXT_SIZE] = "";
    uint64_t cpu_ns = !s->cpu.values ? 0 : sum_of(layout, &s->cpu, slot);

    if (layout->rss_panel)
        pmt_text_size(size, most_of(layout, &s->rss, slot));
    if (layout->cpu_panel)
        snprintf(time, sizeof time, "%.*f s", cpu_ns < 10000000000 ? 2 : 0,
                 (double)cpu_ns / 1e9);
    return asprintf(&text, "%s%s%s", size, *size && *time ? ", " : "",
                    time) < 0
               ? NULL
               : text;
}

/* ---- panels ------------------------------------------------------------ */

static uint64_t total_of(const struct pmt_stack *stack, size_t column)
{
    uint64_t total = 0;

    for (size_t i = 0; i < stack->slots; i++)
        total += stack->values[column * stack->slots + i];
    return total;
}

static uint64_t highest(const struct layout *layout,
                        const struct pmt_stack *stack)
{
    uint64_t most = 0;

    for (size_t c = 0; c < layout->chart->series->columns; c++)
        if (total_of(stack, c) > most)
            most = total_of(stack, c);
    return most;
}

uint64_t pmt_chart_shares_peak(const struct layout *layout)
{
    return highest(layout, &shares_of(layout)->rss);
}

/* A panel of a stack, each value divided by `divisor`. */
static void put_stack(const struct layout *layout, const struct place *place,
                      const struct pmt_stack *stack, const char *name,
                      double divisor, const char *label, FILE *file)
{
    uint64_t most = highest(layout, stack);
    size_t slots = layout->shares;

    fprintf(file, "$%s << EOD\n", name);
    for (size_t c = 0; c < layout->chart->series->columns; c++) {
        uint64_t sum = 0;

        fprintf(file, "%.9g", pmt_chart_column_time(layout, c));
        for (size_t i = 0; i < slots; i++) {
            sum += stack->values[c * stack->slots + i];
            fprintf(file, " %.6g", (double)sum / divisor);
        }
        putc('\n', file);
    }
    fputs("EOD\n", file);
    pmt_chart_open_panel(layout, place, label,
                         most ? (double)most / divisor * 1.05 : 1.0, file);
    fputs("plot ", file);
    for (size_t i = slots; i-- > 0;)
        fprintf(file,
                "$%s using 1:%zu with filledcurves x1 fs solid noborder "
                "lc rgb '%s', \\\n     ",
                name, i + 2, pmt_chart_share_colour(layout, i));
    fprintf(file, "$%s using 1:%zu with lines lw 1 lc rgb '#333333'\n", name,
            slots + 1);
    pmt_chart_close_panel(file);
}

void pmt_chart_shares_panel(const struct layout *layout,
                            const struct place *place, FILE *file)
{
    const struct pmt_stack *stack = &shares_of(layout)->rss;
    struct scale scale = pmt_chart_bytes_scale(highest(layout, stack));
    char label[64];

    snprintf(label, sizeof label, "RSS, %s", scale.unit);
    put_stack(layout, place, stack, "rss", scale.divisor, label, file);
}

void pmt_chart_cpu_panel(const struct layout *layout,
                         const struct place *place, FILE *file)
{
    const struct pmt_stack *stack = &shares_of(layout)->cpu;
    double column_ns = (double)layout->chart->series->column_ns;
    bool many = (double)highest(layout, stack) > column_ns * 10;

    put_stack(layout, place, stack, "cpu",
              many ? column_ns : column_ns / 100,
              many ? "processors used" : "CPU, % of a processor", file);
}
