/*
 * kind-sizes.c: the chart `sizes`: how many blocks, or objects, of which size
 * were made, and live at the moment, and the bytes of each.
 *
 * Classes of sizes are those of `pmt top --by size`, put together to powers
 * of 2.
 */
#include <math.h>
#include <string.h>

#include "pass.h"
#include "profile.h"

/* The first column holds all up to it. */
#define FIRST_SIZE 16.0
#define COLUMNS_MAX 48

enum { HIST_MADE_COUNT, HIST_LIVE_COUNT, HIST_MADE_BYTES, HIST_LIVE_BYTES,
       HISTS };

struct sizes {
    struct pmt_pass pass;
    struct pmt_profile profile;
    enum pmt_live_which which;
    double hists[HISTS][COLUMNS_MAX];
    double totals[HISTS];
    size_t columns;  /* that have something */
    bool estimated;
};

/* The power of 2 that a class of sizes belongs to. */
static size_t column_of(uint32_t class)
{
    double high = (double)pmt_size_class_range(class).high;
    double column = high > FIRST_SIZE ? ceil(log2(high / FIRST_SIZE)) : 0;

    return column < COLUMNS_MAX ? (size_t)column : COLUMNS_MAX - 1;
}

static void add_up(struct sizes *sizes)
{
    const struct pmt_grouping *grouping = &sizes->profile.grouping;

    for (size_t i = 0; i < grouping->group_count; i++) {
        const struct pmt_group *group = &grouping->groups[i];
        const struct pmt_amount *made = &sizes->profile.parts[i].allocated;
        const double parts[HISTS] = {
            (double)made->count, (double)group->count, (double)made->bytes,
            (double)group->bytes};
        size_t column = column_of(group->id);

        for (int h = 0; h < HISTS; h++) {
            sizes->hists[h][column] += parts[h];
            sizes->totals[h] += parts[h];
        }
        if (column + 1 > sizes->columns)
            sizes->columns = column + 1;
    }
}

static void read_all(struct sizes *sizes)
{
    struct pmt_pass *pass = &sizes->pass;
    struct pmt_event event;

    while (pmt_pass_next(pass, &event))
        pass->code = pmt_profile_take(&sizes->profile, pass->in.reader, &event,
                                      &pass->err);
    if (pass->code == PMT_END &&
        pmt_profile_finish(&sizes->profile, &pass->err))
        pass->code = PMT_ERR_MEMORY;
}

/* ---- the figure -------------------------------------------------------- */

static void add_panel(struct sizes *sizes, int hist, const char *noun,
                      const char *made, struct pmt_plot_figure *figure)
{
    bool bytes = hist >= HIST_MADE_BYTES;
    bool live = hist == HIST_LIVE_COUNT || hist == HIST_LIVE_BYTES;
    struct pmt_panel *panel = pmt_figure_panel(
        figure, PMT_PANEL_BINS, bytes ? "bytes" : noun,
        bytes ? PMT_UNIT_BYTES : PMT_UNIT_COUNT, sizes->columns,
        FIRST_SIZE / 2, FIRST_SIZE / 2 * exp2((double)sizes->columns), false);
    struct pmt_curve *curve;
    char text[PMT_UNIT_TEXT];

    if (!panel)
        return;
    panel->x_log = true;
    panel->x_unit = PMT_UNIT_BYTES;
    panel->x_label = pmt_figure_text(figure, "size of a %.*s",
                                     (int)strlen(noun) - 1, noun);
    pmt_unit_text(text, panel->y_unit, sizes->totals[hist]);
    panel->title = pmt_figure_text(
        figure, "%s %s: %s%s", bytes ? "bytes" : noun,
        live ? "that live" : made, sizes->estimated ? "~" : "", text);
    curve = pmt_panel_curve(figure, panel, live ? "live" : made, live ? 2 : 0,
                            false);
    if (!curve)
        return;
    curve->unnamed = true;
    for (size_t c = 0; c < sizes->columns; c++)
        curve->values[c] = sizes->hists[hist][c];
}

static void fill(void *context, struct pmt_plot_figure *figure)
{
    struct sizes *sizes = context;
    bool blocks = sizes->which == PMT_LIVE_BLOCKS;

    add_up(sizes);
    sizes->estimated = blocks && sizes->pass.heading->sample_bytes > 0;
    if (sizes->columns == 0)
        sizes->columns = 1;
    for (int hist = 0; hist < HISTS; hist++)
        add_panel(sizes, hist, blocks ? "blocks" : "objects",
                  blocks ? "allocated" : "created", figure);
    figure->across = 2;
    pmt_heading_apply(sizes->pass.heading,
                      blocks ? "sizes of blocks" : "sizes of objects", figure);
    pmt_figure_note(figure,
                    "each bar: sizes over half of its right edge, up to it; "
                    "the first: all up to %.0f B",
                    FIRST_SIZE);
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct sizes sizes;
    int status;

    memset(&sizes, 0, sizeof sizes);
    sizes.which = pmt_pass_which(request, 0);
    if (pmt_pass_open(&sizes.pass, request, 0,
                      pmt_live_sets_skip_kinds(1u << sizes.which)))
        return PMT_EXIT_TROUBLE;
    pmt_profile_init(&sizes.profile, sizes.which, PMT_BY_SIZE);
    sizes.profile.want = PMT_PROFILE_ALLOCATED;
    pmt_pass_until(&sizes.pass, &sizes.profile.live);
    read_all(&sizes);
    status = pmt_pass_end(&sizes.pass, pmt_pass_missing(&sizes.profile.live, sizes.which),
                          fill, &sizes, figure);
    pmt_profile_release(&sizes.profile);
    return status;
}

const struct pmt_plot_kind pmt_plot_sizes = {
    .name = "sizes",
    .summary = "how many blocks or objects of which size were made, and live",
    .operands_min = 1,
    .operands_max = 1,
    .make = make,
};
