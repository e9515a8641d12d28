/* figure-json.c: a figure as JSON. */
#include <string.h>

#include "cli/json.h"
#include "figure-draw.h"

static void put_text(struct pmt_json *j, const char *key, const char *text)
{
    if (text)
        pmt_json_bytes(j, key, text, strlen(text));
    else
        pmt_json_null(j, key);
}

static const char *unit_name(enum pmt_unit unit)
{
    static const char *const names[] = {
        [PMT_UNIT_COUNT] = "count",
        [PMT_UNIT_BYTES] = "bytes",
        [PMT_UNIT_NS] = "ns",
        [PMT_UNIT_COUNT_RATE] = "count/s",
        [PMT_UNIT_BYTES_RATE] = "bytes/s",
        [PMT_UNIT_PERCENT] = "percent",
    };

    return names[unit];
}

static const char *type_name(enum pmt_panel_type type)
{
    static const char *const names[] = {
        [PMT_PANEL_STACKED] = "stacked", [PMT_PANEL_LINES] = "lines",
        [PMT_PANEL_BINS] = "bins",       [PMT_PANEL_BARS] = "bars",
        [PMT_PANEL_HEAT] = "heat",
    };

    return names[type];
}

static void put_values(struct pmt_json *j, const char *key,
                       const double *values, size_t count)
{
    if (!values)
        return;
    pmt_json_array_begin(j, key);
    for (size_t i = 0; i < count; i++)
        pmt_json_double(j, NULL, values[i]);
    pmt_json_array_end(j);
}

static void put_panel(struct pmt_json *j, const struct pmt_panel *panel,
                      size_t number)
{
    pmt_json_line_begin(j);
    pmt_json_string(j, "row", "panel");
    pmt_json_u64(j, "panel", number);
    pmt_json_string(j, "type", type_name(panel->type));
    put_text(j, "title", panel->title);
    put_text(j, "remark", panel->remark);
    put_text(j, "label", panel->label);
    pmt_json_string(j, "unit", unit_name(panel->y_unit));
    pmt_json_bool(j, "time", panel->is_time);
    pmt_json_string(j, "x_unit", unit_name(panel->x_unit));
    pmt_json_bool(j, "x_log", panel->x_log);
    pmt_json_double(j, "x_from", panel->x_from);
    pmt_json_double(j, "x_to", panel->x_to);
    pmt_json_u64(j, "columns", panel->columns);
    pmt_json_line_end(j);
}

static void put_curve(struct pmt_json *j, const struct pmt_panel *panel,
                      size_t number, const struct pmt_curve *curve)
{
    size_t count = panel->type == PMT_PANEL_BARS ? 1 : panel->columns;

    pmt_json_line_begin(j);
    pmt_json_string(j, "row", "curve");
    pmt_json_u64(j, "panel", number);
    put_text(j, "name", curve->name);
    put_text(j, "note", curve->note);
    put_values(j, "values", curve->values, count);
    put_values(j, "low", curve->low, count);
    put_values(j, "high", curve->high, count);
    pmt_json_line_end(j);
}

void pmt_figure_json(const struct pmt_plot_figure *figure,
                     struct pmt_json *j)
{
    for (size_t i = 0; i < figure->mark_count; i++) {
        pmt_json_line_begin(j);
        pmt_json_string(j, "row", "mark");
        pmt_json_double(j, "time_ns", figure->marks[i].ns);
        put_text(j, "text", figure->marks[i].text);
        pmt_json_line_end(j);
    }
    for (size_t p = 0; p < figure->panel_count; p++) {
        put_panel(j, &figure->panels[p], p);
        for (size_t i = 0; i < figure->panels[p].curve_count; i++)
            put_curve(j, &figure->panels[p], p, &figure->panels[p].curves[i]);
    }
}
