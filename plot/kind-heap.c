/*
 * kind-heap.c: what Python's allocator holds: of its arenas what is used, free
 * and lost, over time; the same of the C library's; and used and free bytes by
 * size class at the end.
 *
 * Of several streams the figures are added up.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "over-time.h"

#define BIT(kind) (UINT64_C(1) << (kind))
#define CLASSES 64u
#define CLASS_BYTES 16u

static bool fits(uint64_t kinds)
{
    return kinds & BIT(PMT_KIND_HEAP) &&
           !(kinds & (BIT(PMT_KIND_SAMPLE) | BIT(PMT_KIND_CALL) |
                      BIT(PMT_KIND_LINE)));
}

/* A part of a stack, the sum of figures of these names. */
struct part {
    const char *name;
    int colour;
    const char *figures[4]; /* ends with NULL */
};

static const struct part pymalloc_parts[] = {
    {"used: blocks in use", 0, {"pymalloc.bytes.allocated_blocks"}},
    {"free: blocks in pools in use", 1, {"pymalloc.bytes.available_blocks"}},
    {"free: pools not in use", 5, {"pymalloc.bytes.unused_pools"}},
    {"lost: headers, rounding, alignment",
     6,
     {"pymalloc.bytes.pool_headers", "pymalloc.bytes.quantization",
      "pymalloc.bytes.arena_alignment"}},
};
static const struct part libc_parts[] = {
    {"C library: in use", 3, {"glibc.mallinfo.uordblks"}},
    {"C library: mapped alone", 2, {"glibc.mallinfo.hblkhd"}},
    {"C library: free", 4, {"glibc.mallinfo.fordblks"}},
};

static bool is(struct pmt_text text, const char *what)
{
    return text.length == strlen(what) &&
           memcmp(text.bytes, what, text.length) == 0;
}

static bool is_part(struct pmt_text name, const struct part *parts,
                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < 4 && parts[i].figures[k]; k++)
            if (is(name, parts[i].figures[k]))
                return true;
    return false;
}

#define PARTS(table) (table), sizeof(table) / sizeof *(table)

static bool wants(const struct pmt_figure *figure)
{
    static const char class_prefix[] = "pymalloc.class.";
    struct pmt_text name = figure->name;

    if (!name.bytes)
        return false;
    return (name.length > sizeof class_prefix &&
            memcmp(name.bytes, class_prefix, sizeof class_prefix - 1) == 0 &&
            memmem(name.bytes, name.length, ".blocks_", 8)) ||
           is_part(name, PARTS(pymalloc_parts)) ||
           is_part(name, PARTS(libc_parts));
}

/* ---- over time ----------------------------------------------------------- */

static void add_gauge(const struct pmt_gauge *gauge, size_t columns,
                      double *values, double *held)
{
    pmt_gauge_hold(gauge, columns, held, NULL, NULL);
    for (size_t c = 0; c < columns; c++)
        if (!isnan(held[c]))
            values[c] = (isnan(values[c]) ? 0 : values[c]) + held[c];
}

static void put_part(const struct pmt_over_time *o, const struct part *part,
                     struct pmt_plot_figure *figure, struct pmt_panel *panel)
{
    double *held = calloc(panel->columns, sizeof *held);
    char text[PMT_UNIT_TEXT];
    struct pmt_curve *curve =
        held ? pmt_panel_curve(figure, panel, part->name, part->colour, false)
             : NULL;
    double last = 0;

    for (size_t i = 0; curve && i < o->gauges.count; i++)
        for (int k = 0; k < 4 && part->figures[k]; k++)
            if (strcmp(o->gauges.gauges[i].name, part->figures[k]) == 0)
                add_gauge(&o->gauges.gauges[i], panel->columns, curve->values,
                          held);
    for (size_t c = 0; curve && c < panel->columns; c++)
        last = isnan(curve->values[c]) ? last : curve->values[c];
    if (curve)
        curve->note = pmt_figure_text(
            figure, "%s", pmt_unit_text(text, PMT_UNIT_BYTES, last));
    free(held);
}

static bool has_parts(const struct pmt_over_time *o, const struct part *parts,
                      size_t count)
{
    for (size_t i = 0; i < o->gauges.count; i++)
        if (is_part((struct pmt_text){o->gauges.gauges[i].name,
                                      (uint32_t)strlen(
                                          o->gauges.gauges[i].name)},
                    parts, count))
            return true;
    return false;
}

static void put_stack(const struct pmt_over_time *o, const char *label,
                      const struct part *parts, size_t count,
                      struct pmt_plot_figure *figure)
{
    struct pmt_panel *panel;

    if (!has_parts(o, parts, count))
        return;
    panel = pmt_over_time_panel(o, figure, PMT_PANEL_STACKED, label,
                                PMT_UNIT_BYTES);
    for (size_t i = 0; panel && i < count; i++)
        put_part(o, &parts[i], figure, panel);
}

/* ---- size classes -------------------------------------------------------- */

/* The class of "pymalloc.class.64.blocks_in_use", from 0; false: none. */
static bool class_of(const char *name, size_t *number, bool *used)
{
    unsigned size;
    char what[32];

    if (sscanf(name, "pymalloc.class.%u.blocks_%31s", &size, what) != 2 ||
        size == 0 || size % CLASS_BYTES || size / CLASS_BYTES > CLASSES)
        return false;
    *number = size / CLASS_BYTES - 1;
    *used = strcmp(what, "in_use") == 0;
    return *used || strcmp(what, "available") == 0;
}

static void put_classes(const struct pmt_over_time *o,
                        struct pmt_plot_figure *figure)
{
    double bytes[2][CLASSES] = {{0}}; /* free, used */
    static const char *const names[] = {"size classes: free", "used"};
    struct pmt_panel *panel;
    size_t most = 0, number;
    bool used;

    for (size_t i = 0; i < o->gauges.count; i++)
        if (class_of(o->gauges.gauges[i].name, &number, &used)) {
            bytes[used][number] += (double)o->gauges.gauges[i].last *
                                   (double)((number + 1) * CLASS_BYTES);
            most = number + 1 > most ? number + 1 : most;
        }
    if (most == 0)
        return;
    panel = pmt_figure_panel(figure, PMT_PANEL_BINS, "blocks",
                             PMT_UNIT_BYTES, most, 0,
                             (double)(most * CLASS_BYTES), false);
    if (!panel)
        return;
    panel->title = pmt_figure_text(
        figure, "size classes at the end: used (dark) of all blocks of their "
                "pools");
    panel->x_unit = PMT_UNIT_COUNT;
    panel->x_label = pmt_figure_text(figure, "bytes of a block");
    for (int k = 0; k < 2; k++) {
        struct pmt_curve *curve = pmt_panel_curve(figure, panel, names[k],
                                                  k ? 0 : 1, false);

        for (size_t c = 0; curve && c < most; c++)
            curve->values[c] = bytes[1][c] + (k ? 0 : bytes[0][c]);
        if (curve)
            curve->unnamed = true;
    }
}

/* ---- the chart ----------------------------------------------------------- */

static const char *fill(const struct pmt_over_time *o,
                        const struct pmt_plot_request *request,
                        struct pmt_plot_figure *figure)
{
    pmt_heading_apply(&request->traces[0], "what Python's allocator holds",
                      figure);
    put_stack(o, "arenas", PARTS(pymalloc_parts), figure);
    put_stack(o, "malloc", PARTS(libc_parts), figure);
    put_classes(o, figure);
    pmt_figure_note(figure, "figures beside the names are those at the end");
    if (o->gauges.streams > 1)
        pmt_figure_note(figure, "of %zu processes together",
                        o->gauges.streams);
    return figure->panel_count == 0 ? "heap records with pymalloc's figures"
                                    : NULL;
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct pmt_over_time o = {.gauges = {.memory = true, .wants = wants}};

    return pmt_over_time_draw(&o, request, fill, figure);
}

const struct pmt_plot_kind pmt_plot_heap = {
    .name = "heap",
    .summary = "Python's allocator: arenas and size classes: used, free, "
               "lost",
    .operands_min = 1,
    .operands_max = 1,
    .fits = fits,
    .make = make,
};
