/* figure-panel.c: the panels of a figure, as commands of gnuplot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "figure-text.h"
#include "cli/text.h"
#include "figure-private.h"
#include "figure-style.h"

/* Where a panel's data is: a block of the script, or of the file beside. */
static void put_source(const struct layout *layout, size_t index, FILE *file)
{
    if (layout->drawing->data_name)
        fprintf(file, "'%s' index %zu", layout->drawing->data_name, index);
    else
        fprintf(file, "$panel%zu", index);
}

/* ---- axes -------------------------------------------------------------- */

/* Tics of a logarithmic axis where people look for them: 1 KiB, 16 KiB, ...;
 * 1 ms, 10 ms, ... */
static void put_log_tics(const struct pmt_panel *panel, double pixels,
                         FILE *file)
{
    bool bytes = panel->x_unit == PMT_UNIT_BYTES;
    double base = bytes ? 2 : 10, step = bytes ? 4 : 1;
    double from = ceil(log(panel->x_from) / log(base) - 1e-9);
    double to = floor(log(panel->x_to) / log(base) + 1e-9);
    char text[PMT_UNIT_TEXT];
    const char *comma = "";

    while ((to - from) / step * 60 > pixels)
        step *= 2;
    fputs("set logscale x\nset xtics (", file);
    for (double e = ceil(from / step) * step; e <= to; e += step) {
        double x = pow(base, e);

        fprintf(file, "%s'%s' %.13g", comma,
                pmt_unit_text(text, panel->x_unit, x), x);
        comma = ", ";
    }
    fputs(")\nset format x '%g'\n", file);
}

static const char *long_name(const char *unit)
{
    static const char *const names[][2] = {
        {"us", "microseconds"}, {"ms", "milliseconds"}, {"s", "seconds"},
        {"min", "minutes"},     {"h", "hours"},        {"d", "days"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(unit, names[i][0]) == 0)
            return names[i][1];
    return unit;
}

/* Of small panels only those at the foot say what the axis is. */
static bool is_labelled(const struct layout *layout, size_t index)
{
    size_t across = layout->figure->across;

    return across <= 1 || index + across >= layout->figure->panel_count;
}

/* Seconds between tics of the wall clock, of `span` seconds in `pixels`. */
static double wall_step(double span, double pixels)
{
    static const double steps[] = {
        0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,  0.2,  0.5,   1,     2,
        5,     10,    15,    30,   60,   120,  300,  600,  900,   1800,  3600,
        7200,  10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000};
    size_t count = sizeof steps / sizeof *steps, i = 0;

    while (i < count - 1 && span / steps[i] * STYLE_WALL_TIC > pixels)
        i++;
    return steps[i];
}

/* The date is beside "UTC", or with the tics where there are several. */
static void put_wall_axis(const struct layout *layout, size_t index,
                          FILE *file)
{
    double from = pmt_layout_time(layout, layout->time_from);
    double to = pmt_layout_time(layout, layout->time_to);
    double step = wall_step(to - from, layout->boxes[index].width);
    bool one_day = floor(from / 86400) >= floor(to / 86400);
    time_t begin = (time_t)from;
    char date[32] = "";
    struct tm tm;

    if (one_day && gmtime_r(&begin, &tm))
        strftime(date, sizeof date, ", %Y-%m-%d", &tm);
    fprintf(file,
            "set xlabel 'UTC%s' offset 0,0.3\nset xtics time %.7g\n"
            "set format x '%s' time\n",
            date, step,
            step >= 86400 ? "%Y-%m-%d"
            : !one_day    ? "%m-%d %H:%M"
            : step < 0.1  ? "%H:%M:%.3S"
            : step < 1    ? "%H:%M:%.1S"
            : step < 60   ? "%H:%M:%S"
                          : "%H:%M");
}

static void put_time_axis(const struct layout *layout, size_t index,
                          FILE *file)
{
    fprintf(file, "set xrange [%.13g:%.13g]\nset xtics autofreq\n",
            pmt_layout_time(layout, layout->time_from),
            pmt_layout_time(layout, layout->time_to));
    if (!layout->axis[index]) {
        fputs("unset xlabel\nset format x ''\n", file);
        return;
    }
    if (layout->figure->wall) {
        put_wall_axis(layout, index, file);
    } else {
        fprintf(file,
                "set xlabel '%s since recording began' offset 0,0.3\n"
                "set format x '%%g'\n",
                long_name(layout->time.name));
    }
    if (!is_labelled(layout, index))
        fputs("unset xlabel\n", file);
}

static void put_x_axis(const struct layout *layout, size_t index, FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    struct pmt_scale scale = pmt_unit_scale(panel->x_unit, panel->x_to);

    fputs("unset logscale x\n", file);
    if (panel->is_time) {
        put_time_axis(layout, index, file);
        return;
    }
    if (panel->x_log) {
        fprintf(file, "set xrange [%.13g:%.13g]\n", panel->x_from,
                panel->x_to);
        put_log_tics(panel, layout->boxes[index].width, file);
        scale.name = "";
    } else if (panel->type != PMT_PANEL_BARS) {
        fprintf(file, "set xrange [%.13g:%.13g]\nset xtics autofreq\n"
                      "set format x '%%g'\n",
                panel->x_from / scale.divisor, panel->x_to / scale.divisor);
    }
    if (panel->x_label || *scale.name) {
        char *label;

        if (asprintf(&label, "%s%s%s", panel->x_label ? panel->x_label : "",
                     panel->x_label && *scale.name ? ", " : "",
                     scale.name) < 0)
            return;
        fputs("set xlabel ", file);
        pmt_figure_put_text(file, label, 80);
        fputs(" offset 0,0.3\n", file);
        free(label);
    } else {
        fputs("unset xlabel\n", file);
    }
}

/* "live bytes, MiB"; without its comma, or the unit alone, where there is no
 * room. */
static void put_label(const struct pmt_panel *panel,
                      const struct pmt_scale *scale, size_t room, FILE *file)
{
    const char *name = panel->label ? panel->label : "";
    const char *commas[] = {", ", " "};
    char *label = NULL;

    for (int i = 0; i < 2; i++) {
        free(label);
        if (asprintf(&label, "%s%s%s", name,
                     !*name || !*scale->name || *scale->name == '/'
                         ? ""
                         : commas[i],
                     scale->name) < 0)
            return;
        if (pmt_text_width(label) <= room)
            break;
    }
    pmt_figure_put_text(
        file,
        pmt_text_width(label) > room && *scale->name ? scale->name : label,
        60);
    free(label);
}

static void put_y_label(const struct layout *layout, size_t index,
                        const struct pmt_scale *scale, FILE *file)
{
    double room = (layout->boxes[index].height + STYLE_GAP * 0.6) / STYLE_LABEL;

    fputs("set ylabel ", file);
    put_label(&layout->figure->panels[index], scale, (size_t)room, file);
    fputs(" font ',9'\n", file);
}

/* 1, 2 or 5 times a power of ten, so that tics have room between them. */
static double tic_step(double range, double pixels)
{
    static const double steps[] = {0.5, 1, 2, 5, 10};
    double least = range / fmax(2, floor(pixels / STYLE_TIC));
    double power = pow(10, floor(log10(least)));
    size_t i = 1;

    while (i < 4 && steps[i] * power < least)
        i++;
    if (steps[i] * power > range * 0.95) /* one tic alone says little */
        i--;
    return steps[i] * power;
}

static void put_y_axis(const struct layout *layout, size_t index, FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    double least, most = pmt_panel_most(panel, &least);
    struct pmt_scale scale = pmt_panel_scale(panel);
    double from = least / scale.divisor * 1.05;
    double to = most > 0 ? most / scale.divisor * 1.05 : 1.0;

    put_y_label(layout, index, &scale, file);
    fprintf(file, "set yrange [%.7g:%.7g]\nset ytics %.7g\n", from, to,
            tic_step(to - from, layout->boxes[index].height));
}

/* Names on the y axis, the first on top. */
static void put_row_names(const struct layout *layout,
                          const struct pmt_panel *panel, FILE *file)
{
    size_t room = pmt_layout_name_room(layout);

    fputs("unset ylabel\nset ytics (", file);
    for (size_t i = 0; i < panel->curve_count; i++) {
        fputs(i ? ", " : "", file);
        pmt_figure_put_tic(file, panel->curves[i].name, room);
        fprintf(file, " %zu", panel->curve_count - 1 - i);
    }
    fprintf(file, ") font ',9'\nset yrange [-0.6:%.1f]\n",
            (double)panel->curve_count - 0.4);
}

/* ---- what is drawn ----------------------------------------------------- */

static void plot_stack(const struct layout *layout, size_t index, FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    size_t count = panel->curve_count;

    fputs("plot ", file);
    for (size_t i = count; i-- > 0;) {
        put_source(layout, index, file);
        fprintf(file,
                " using 1:%zu with filledcurves x1 fs solid noborder lc rgb "
                "'%s', \\\n     ",
                i + 2, pmt_figure_colour(panel->curves[i].colour));
    }
    put_source(layout, index, file);
    fprintf(file, " using 1:%zu with lines lw 1 lc rgb '%s'\n", count + 1,
            STYLE_DARK);
}

static void plot_lines(const struct layout *layout, size_t index, FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    size_t column = 2;

    fputs("plot ", file);
    for (size_t i = 0; i < panel->curve_count; i++) {
        const struct pmt_curve *curve = &panel->curves[i];
        const char *colour = pmt_figure_colour(curve->colour);

        fputs(i ? ", \\\n     " : "", file);
        if (curve->low) {
            put_source(layout, index, file);
            fprintf(file,
                    " using 1:%zu:%zu with filledcurves fs transparent solid "
                    "0.25 noborder lc rgb '%s', \\\n     ",
                    column + 1, column + 2, colour);
        }
        put_source(layout, index, file);
        fprintf(file, " using 1:%zu with lines lw 1.5%s lc rgb '%s'", column,
                curve->dashed ? " dt (5,3)" : "", colour);
        column += curve->low ? 3 : 1;
    }
    putc('\n', file);
}

static void plot_bins(const struct layout *layout, size_t index, FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    size_t column = 3;

    fputs("plot ", file);
    for (size_t i = 0; i < panel->curve_count; i++) {
        fputs(i ? ", \\\n     " : "", file);
        put_source(layout, index, file);
        fprintf(file,
                " using (($1+$2)/2):($%zu/2):1:2:(0):%zu with boxxyerror fs "
                "%s noborder lc rgb '%s'",
                column, column, i ? "transparent solid 0.6" : "solid",
                pmt_figure_colour(panel->curves[i].colour));
        column += panel->curves[i].low ? 3 : 1;
    }
    putc('\n', file);
}

/* The part of the x axis that the widest note takes. */
static double note_room(const struct layout *layout, size_t index)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    size_t most = 0;

    for (size_t i = 0; i < panel->curve_count; i++) {
        const char *note = panel->curves[i].note;

        if (note && pmt_text_width(note) > most)
            most = pmt_text_width(note);
    }
    return fmin(0.6, (double)most * STYLE_CHARACTER /
                         layout->boxes[index].width);
}

/* The notes stand behind the bars. */
static void put_bar_notes(const struct pmt_panel *panel, double divisor,
                          double reach, FILE *file)
{
    for (size_t i = 0; i < panel->curve_count; i++) {
        double value = panel->curves[i].values[0] / divisor;

        if (!panel->curves[i].note || isnan(value))
            continue;
        fputs("set label ", file);
        pmt_figure_put_text(file, panel->curves[i].note, 40);
        fprintf(file, " at first %.7g,%zu left font ',9' tc rgb '%s'\n",
                fmax(value, 0) + reach * 0.01, panel->curve_count - 1 - i,
                STYLE_PALE_TEXT);
    }
}

static void plot_bars(const struct layout *layout, size_t index, FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    double least, most = pmt_panel_most(panel, &least);
    struct pmt_scale scale = pmt_panel_scale(panel);
    double from = least / scale.divisor, to = most / scale.divisor;
    double reach = to > from ? to - from : 1;

    put_row_names(layout, panel, file);
    put_bar_notes(panel, scale.divisor, reach, file);
    fprintf(file,
            "set xrange [%.7g:%.7g]\nset xtics autofreq\nset format x '%%g'\n"
            "set xlabel ",
            from - (least < 0 ? reach * 0.03 : 0),
            to + reach * (0.02 + note_room(layout, index) /
                                     (1 - note_room(layout, index))));
    put_label(panel, &scale, SIZE_MAX, file);
    fputs(" offset 0,0.3\nplot ", file);
    put_source(layout, index, file);
    fputs(" using 1:3:1:2:($3-0.38):($3+0.38):4 with boxxyerror fs solid "
          "noborder lc rgb variable\n",
          file);
}

static void plot_strips(const struct layout *layout, size_t index, FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    double most = pmt_panel_most(panel, NULL);
    struct pmt_scale scale = pmt_panel_scale(panel);
    double top = most > 0 ? most / scale.divisor : 1;

    put_row_names(layout, panel, file);
    fprintf(file,
            "set palette defined %s\nset logscale cb\n"
            "set cbrange [%.7g:%.7g]\nplot ",
            STYLE_HEAT, top / STYLE_HEAT_REACH, top);
    put_source(layout, index, file);
    fputs(" using 1:2:3 with image\n", file);
}

/* ---- a panel ----------------------------------------------------------- */

static void put_margins(const struct layout *layout, const struct box *box,
                        FILE *file)
{
    fprintf(file,
            "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
            "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            pmt_layout_x(layout, box->left),
            pmt_layout_x(layout, box->left + box->width),
            pmt_layout_y(layout, box->top),
            pmt_layout_y(layout, box->top + box->height));
}

static void put_panel_title(const struct layout *layout, size_t index,
                            FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    const struct box *box = &layout->boxes[index];
    size_t room = (size_t)((box->width + STYLE_RIGHT) / STYLE_BOLD);

    if (panel->title) {
        fputs("set label ", file);
        pmt_figure_put_name(file, panel->title, room > 8 ? room : 8);
        fprintf(file, " at screen %.5f,%.5f left font ':Bold,9'\n",
                pmt_layout_x(layout, box->left),
                pmt_layout_y(layout, box->top - pmt_layout_above(panel) +
                                         STYLE_PANEL_TITLE / 2.0));
    }
    if (panel->remark) {
        room = (size_t)((box->width + STYLE_RIGHT) / STYLE_SMALL);
        fputs("set label ", file);
        pmt_figure_put_text(file, panel->remark, room > 8 ? room : 8);
        fprintf(file, " at screen %.5f,%.5f left font ',9' tc rgb '%s'\n",
                pmt_layout_x(layout, box->left),
                pmt_layout_y(layout, box->top - STYLE_REMARK / 2.0 - 2),
                STYLE_PALE_TEXT);
    }
}

void pmt_figure_draw_panel(const struct layout *layout, size_t index,
                           FILE *file)
{
    static void (*const plots[])(const struct layout *, size_t, FILE *) = {
        [PMT_PANEL_STACKED] = plot_stack, [PMT_PANEL_LINES] = plot_lines,
        [PMT_PANEL_BINS] = plot_bins,     [PMT_PANEL_BARS] = plot_bars,
        [PMT_PANEL_HEAT] = plot_strips,
    };
    const struct pmt_panel *panel = &layout->figure->panels[index];

    put_margins(layout, &layout->boxes[index], file);
    put_panel_title(layout, index, file);
    if (index == 0)
        pmt_figure_head(layout, file);
    if (panel->curve_count == 0)
        return;
    put_x_axis(layout, index, file);
    if (!pmt_panel_has_rows(panel))
        put_y_axis(layout, index, file);
    if (panel->is_time)
        pmt_figure_marks(layout, &layout->boxes[index], index == 0, file);
    plots[panel->type](layout, index, file);
    fputs("unset arrow\nunset label\nunset object\n", file);
}
