/* kind-tree.c: the resident sets of several processes, one above the other,
 * and their processor time, from samples. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "over-time.h"

#define BIT(kind) (UINT64_C(1) << (kind))

static bool fits(uint64_t kinds)
{
    return kinds & BIT(PMT_KIND_SAMPLE) && kinds & BIT(PMT_KIND_PROCESS);
}

/* What a line had most in a column. */
static uint64_t most_of(const struct pmt_over_time *o, size_t slot)
{
    const struct pmt_stack *stack = &o->shares.rss;
    uint64_t most = 0;

    for (size_t c = 0; c < o->series.columns; c++)
        if (stack->values[c * stack->slots + slot] > most)
            most = stack->values[c * stack->slots + slot];
    return most;
}

static uint64_t cpu_of(const struct pmt_over_time *o, size_t slot)
{
    const struct pmt_stack *stack = &o->shares.cpu;
    uint64_t sum = 0;

    for (size_t c = 0; stack->values && c < o->series.columns; c++)
        sum += stack->values[c * stack->slots + slot];
    return sum;
}

static void put_memory(const struct pmt_over_time *o,
                       struct pmt_plot_figure *figure)
{
    struct pmt_panel *panel = pmt_over_time_panel(
        o, figure, PMT_PANEL_STACKED, "RSS", PMT_UNIT_BYTES);
    char size[PMT_TEXT_SIZE], cpu[PMT_UNIT_TEXT];

    if (!panel)
        return;
    panel->weight = 1.2;
    pmt_over_time_stack(o, figure, panel, &o->shares.rss, 1);
    for (size_t i = 0; i < panel->curve_count; i++)
        panel->curves[i].note = pmt_figure_text(
            figure, "%s, CPU %s", pmt_text_size(size, most_of(o, i)),
            pmt_unit_text(cpu, PMT_UNIT_NS, (double)cpu_of(o, i)));
    pmt_figure_note(figure, "peak RSS of all %s",
                    pmt_text_size(size, (uint64_t)pmt_panel_most(panel,
                                                                 NULL)));
    pmt_figure_note(figure, "pages that processes share count for each");
    if (o->shares.cpu_total_ns)
        pmt_figure_note(figure, "%s of processor time",
                        pmt_unit_text(cpu, PMT_UNIT_NS,
                                      (double)o->shares.cpu_total_ns));
}

static const char *fill(const struct pmt_over_time *o,
                        const struct pmt_plot_request *request,
                        struct pmt_plot_figure *figure)
{
    char what[96], count[PMT_TEXT_SIZE];

    if (o->shares.processes <= 1 || !o->shares.rss.values)
        return NULL;
    snprintf(what, sizeof what, "memory and processor time of %s processes",
             pmt_text_count(count, o->shares.processes));
    pmt_heading_apply(&request->traces[0], what, figure);
    put_memory(o, figure);
    pmt_over_time_cpu(o, figure);
    if (o->shares.programs)
        pmt_figure_note(figure, "by program: %s of them",
                        pmt_text_count(count, o->shares.programs));
    return NULL;
}

/* One process alone is no tree. */
static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct pmt_over_time o = {.want_shares = true};
    int status;

    if (!(request->traces[0].kinds & BIT(PMT_KIND_SAMPLE))) {
        pmt_fail("%s: no samples of processes: pmt sample --tree records "
                 "them, of any program", request->traces[0].shown);
        return PMT_EXIT_NO;
    }
    status = pmt_over_time_draw(&o, request, fill, figure);
    return status == PMT_EXIT_OK && figure->panel_count == 0
               ? pmt_plot_rss.make(request, figure)
               : status;
}

const struct pmt_plot_kind pmt_plot_tree = {
    .name = "tree",
    .summary = "memory and processor time of a tree of processes, one above "
               "the other",
    .operands_min = 1,
    .operands_max = 1,
    .fits = fits,
    .make = make,
};
