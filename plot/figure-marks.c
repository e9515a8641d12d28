/* figure-marks.c: the marks of a figure: a line down each panel over time, and
 * labels in rows above the first one, as many as there is room for. */
#include <stdlib.h>
#include <string.h>

#include "figure-text.h"
#include "cli/text.h"
#include "figure-private.h"
#include "figure-style.h"

static int by_time(const void *a, const void *b)
{
    const struct pmt_figure_mark *x =
        *(const struct pmt_figure_mark *const *)a;
    const struct pmt_figure_mark *y =
        *(const struct pmt_figure_mark *const *)b;

    if (x->ns != y->ns)
        return x->ns < y->ns ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* By their time; free() the array; NULL: no memory. */
static const struct pmt_figure_mark **sorted(const struct pmt_plot_figure *figure)
{
    const struct pmt_figure_mark **marks =
        calloc(figure->mark_count + 1, sizeof *marks);

    for (size_t i = 0; marks && i < figure->mark_count; i++)
        marks[i] = &figure->marks[i];
    if (marks)
        qsort(marks, figure->mark_count, sizeof *marks, by_time);
    return marks;
}

/* The row of a label of `width` pixels at pixel *from, which moves left where
 * the picture ends: the first row that has room there, or STYLE_MARK_ROWS.
 * `ends` has the pixel at which each row is free. */
static unsigned row_of(const struct layout *layout, double width, double *from,
                       double *ends)
{
    unsigned row;

    if (*from + width > layout->drawing->width - 4)
        *from = layout->drawing->width - 4 - width;
    for (row = 0; row < STYLE_MARK_ROWS && ends[row] > *from; row++)
        ;
    if (row < STYLE_MARK_ROWS)
        ends[row] = *from + width + STYLE_CHARACTER;
    return row;
}

/* With `file` NULL it is only placed. Returns how many rows it needs. */
static unsigned put_label(const struct layout *layout, const char *text,
                          double from, double *ends, FILE *file)
{
    char *escaped = pmt_text_escaped(text);
    char *label = pmt_text_shortened(escaped, STYLE_MARK_TEXT);
    double width = (double)pmt_text_width(label) * STYLE_CHARACTER;
    unsigned row = row_of(layout, width, &from, ends);

    if (row < STYLE_MARK_ROWS && file) {
        fputs("set label ", file);
        pmt_figure_put_quoted(file, label);
        fprintf(file,
                " at screen %.5f,%.5f left font ',9' tc rgb '%s'\n",
                pmt_layout_x(layout, from),
                pmt_layout_y(layout,
                             pmt_layout_head(layout) +
                                 STYLE_MARK_LINE * (row + 0.5)),
                STYLE_PALE_TEXT);
    }
    free(label);
    free(escaped);
    return row < STYLE_MARK_ROWS ? row + 1 : 0;
}

static void put_line(double at, FILE *file)
{
    fprintf(file,
            "set arrow from first %.12g, graph 0 to first %.12g, graph 1 "
            "nohead front lw 1 dt 2 lc rgb '#606060'\n",
            at, at);
}

/* Where a mark stands in a panel, in pixels of the picture. */
static double pixel(const struct layout *layout, const struct box *box,
                    double ns)
{
    return box->left + (ns - layout->time_from) /
                           (layout->time_to - layout->time_from) * box->width;
}

static unsigned put_marks(const struct layout *layout, const struct box *box,
                          bool labels, FILE *file)
{
    const struct pmt_figure_mark **marks = sorted(layout->figure);
    double ends[STYLE_MARK_ROWS] = {0};
    bool dense = layout->figure->mark_count > STYLE_MARKS_MANY;
    double last = -1;
    unsigned rows = 0;

    for (size_t i = 0; marks && i < layout->figure->mark_count; i++) {
        double ns = marks[i]->ns;
        unsigned row = 0;

        if (ns < layout->time_from || ns > layout->time_to)
            continue;
        /* A row of lines that is dense hides what it stands before. */
        if (file && (last < 0 || pixel(layout, box, ns) - last >=
                                     (dense ? STYLE_MARK_APART : 0))) {
            put_line(pmt_layout_time(layout, ns), file);
            last = pixel(layout, box, ns);
        }
        if (labels)
            row = put_label(layout, marks[i]->text, pixel(layout, box, ns),
                            ends, file);
        rows = row > rows ? row : rows;
    }
    free(marks);
    return rows;
}

unsigned pmt_figure_mark_rows(const struct layout *layout)
{
    double left = pmt_layout_left(layout, &layout->figure->panels[0]);
    const struct box whole = {
        .left = left,
        .width = layout->drawing->width - left - STYLE_RIGHT,
    };

    if (layout->time_to <= layout->time_from || layout->figure->across > 1)
        return 0;
    return put_marks(layout, &whole, true, NULL);
}

void pmt_figure_marks(const struct layout *layout, const struct box *box,
                      bool labels, FILE *file)
{
    put_marks(layout, box, labels && layout->mark_rows > 0, file);
}
