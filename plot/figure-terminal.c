/* figure-terminal.c: a figure as text: of each curve a row of blocks, as high
 * as its values. */
#include <math.h>
#include <stdlib.h>

#include "cli/text.h"
#include "figure-draw.h"

/* The highest value of the columns from `from` to before `to`. */
static double highest(const struct pmt_curve *curve, size_t from, size_t to)
{
    double most = NAN;

    for (size_t c = from; c < to; c++)
        most = fmax(most, curve->values[c]); /* fmax passes over NaN */
    return most;
}

static void put_row(const struct pmt_panel *panel,
                    const struct pmt_curve *curve, unsigned columns,
                    FILE *file)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄",
                                         "▅", "▆", "▇", "█"};
    double most = highest(curve, 0, panel->columns);
    unsigned cells = panel->columns < columns ? (unsigned)panel->columns
                                              : columns;
    char *escaped = pmt_text_escaped(curve->name);
    char *name = pmt_text_shortened(escaped, columns > 16 ? columns - 14 : 3);
    char text[PMT_UNIT_TEXT];

    fprintf(file, "%s  %s\n", name,
            isnan(most) ? "" : pmt_unit_text(text, panel->y_unit, most));
    for (unsigned i = 0; i < cells; i++) {
        double value = highest(curve, panel->columns * i / cells,
                               panel->columns * (i + 1) / cells);

        if (isnan(value) || value <= 0)
            putc(' ', file);
        else
            fputs(blocks[(size_t)fmin(7, value / most * 8)], file);
    }
    putc('\n', file);
    free(name);
    free(escaped);
}

void pmt_figure_terminal(const struct pmt_plot_figure *figure,
                         unsigned columns, unsigned rows, bool colours,
                         FILE *file)
{
    const char *lines[] = {figure->title, figure->subtitle,
                           figure->subtitle_more};

    (void)rows;
    (void)colours;
    for (int i = 0; i < 2 + (figure->subtitle_more != NULL); i++) {
        char *escaped = pmt_text_escaped(lines[i] ? lines[i] : "");
        char *line = pmt_text_shortened(escaped, columns);

        fprintf(file, "%s\n", line);
        free(line);
        free(escaped);
    }
    for (size_t p = 0; p < figure->panel_count; p++)
        for (size_t i = 0; i < figure->panels[p].curve_count; i++)
            put_row(&figure->panels[p], &figure->panels[p].curves[i], columns,
                    file);
}
