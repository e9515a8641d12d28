/* figure-head.c: title, subtitle, legend and note of a figure. */
#include <stdlib.h>
#include <string.h>

#include "figure-text.h"
#include "cli/text.h"
#include "figure-private.h"
#include "figure-style.h"

const char *pmt_figure_colour(int colour)
{
    switch (colour) {
    case PMT_FIGURE_RED:
        return STYLE_RED;
    case PMT_FIGURE_GREEN:
        return STYLE_GREEN;
    case PMT_FIGURE_DARK:
        return STYLE_DARK;
    default:
        return colour < 0 ? STYLE_GREY
                          : style_colours[colour % PMT_FIGURE_COLOURS];
    }
}

/* One line of text at a place. */
static void put_text(const struct layout *layout, const char *text, double x,
                     double y, const char *looks, FILE *file)
{
    size_t room = (size_t)((layout->drawing->width - x - 8) /
                           (STYLE_CHARACTER - 1.2));

    fputs("set label ", file);
    pmt_figure_put_text(file, text, room > 3 ? room : 3);
    fprintf(file, " at screen %.5f,%.5f left %s\n", pmt_layout_x(layout, x),
            pmt_layout_y(layout, y), looks);
}

/* A line for a line, a box for what is filled. */
static void put_sample(const struct layout *layout, double x, double y,
                       const struct pmt_panel *panel,
                       const struct pmt_curve *curve, FILE *file)
{
    double half = panel->type == PMT_PANEL_LINES ? 1.25 : 5;

    fprintf(file,
            "set object rect from screen %.5f,%.5f to screen %.5f,%.5f front "
            "fs solid noborder fc rgb '%s'\n",
            pmt_layout_x(layout, x), pmt_layout_y(layout, y + half),
            pmt_layout_x(layout, x + 12), pmt_layout_y(layout, y - half),
            pmt_figure_colour(curve->colour));
}

static void put_entry(const struct layout *layout, size_t entry,
                      const struct pmt_panel *panel,
                      const struct pmt_curve *curve, FILE *file)
{
    double column_width =
        (layout->drawing->width - (double)(STYLE_LEFT + STYLE_RIGHT)) /
        layout->legend_columns;
    double x = STYLE_LEFT +
               column_width * (double)(entry / layout->legend_rows);
    double y = layout->drawing->height - 8 -
               (layout->figure->note ? STYLE_NOTE : 0) -
               STYLE_LINE * ((double)layout->legend_rows -
                             (double)(entry % layout->legend_rows) - 0.5);
    double name_at = x + 20 + layout->legend_note;
    double room = (column_width - layout->legend_note - 28) / STYLE_SMALL;

    put_sample(layout, x, y, panel, curve, file);
    if (curve->note) {
        fputs("set label ", file);
        pmt_figure_put_text(file, curve->note, 30);
        fprintf(file,
                " at screen %.5f,%.5f right font ',9' tc rgb '%s'\n",
                pmt_layout_x(layout, name_at - 6), pmt_layout_y(layout, y),
                STYLE_PALE_TEXT);
    }
    fputs("set label ", file);
    pmt_figure_put_name(file, curve->name, room > 8 ? (size_t)room : 8);
    fprintf(file, " at screen %.5f,%.5f left font ',9'\n",
            pmt_layout_x(layout, name_at), pmt_layout_y(layout, y));
}

static void put_legend(const struct layout *layout, FILE *file)
{
    const struct pmt_plot_figure *figure = layout->figure;
    size_t entry = 0;

    for (size_t p = 0; p < figure->panel_count; p++) {
        const struct pmt_panel *panel = &figure->panels[p];

        for (size_t i = 0; i < panel->curve_count; i++)
            if (!pmt_panel_has_rows(panel) && !panel->curves[i].unnamed)
                put_entry(layout, entry++, panel, &panel->curves[i], file);
    }
}

void pmt_figure_head(const struct layout *layout, FILE *file)
{
    const struct pmt_plot_figure *figure = layout->figure;

    if (figure->title)
        put_text(layout, figure->title, STYLE_LEFT, 18,
                 "font ':Bold,13'", file);
    if (figure->subtitle)
        put_text(layout, figure->subtitle, STYLE_LEFT, 39,
                 "font ',9' tc rgb '" STYLE_PALE_TEXT "'", file);
    if (figure->subtitle_more)
        put_text(layout, figure->subtitle_more, STYLE_LEFT,
                 39 + STYLE_SUBTITLE,
                 "font ',9' tc rgb '" STYLE_PALE_TEXT "'", file);
    put_legend(layout, file);
    if (figure->note)
        put_text(layout, figure->note, STYLE_LEFT,
                 layout->drawing->height - 12,
                 "font ',8' tc rgb '" STYLE_PALE_TEXT "'", file);
}
