/* figure-units.c: how numbers of a figure read. */
#include <math.h>
#include <stdio.h>

#include "figure.h"

struct step {
    double divisor;
    const char *name;
};

static const struct step byte_steps[] = {
    {1, "B"},
    {1024, "KiB"},
    {1048576, "MiB"},
    {1073741824, "GiB"},
    {1099511627776, "TiB"},
};
static const struct step byte_rate_steps[] = {
    {1, "B/s"},
    {1024, "KiB/s"},
    {1048576, "MiB/s"},
    {1073741824, "GiB/s"},
    {1099511627776, "TiB/s"},
};
static const struct step time_steps[] = {
    {1, "ns"},          {1e3, "us"},        {1e6, "ms"},
    {1e9, "s"},         {600e9, NULL},      {60e9, "min"},
    {36000e9, NULL},    {3600e9, "h"},
    {345600e9, NULL},   {86400e9, "d"},
};
static const struct step count_steps[] = {
    {1, ""},
    {1e4, NULL},
    {1e3, "thousand"},
    {1e6, "million"},
    {1e9, "billion"},
};
static const struct step count_rate_steps[] = {
    {1 / 3600.0, "/h"},
    {1 / 60.0, "/min"},
    {1, "/s"},
    {1e4, NULL},
    {1e3, "k/s"},
    {1e6, "M/s"},
};
static const struct step percent_steps[] = {{1, "%"}};

#define STEPS(table) (table), sizeof(table) / sizeof *(table)

/* The last step that `most` reaches. A step without a name is where the one
 * behind it begins to be used. */
static struct pmt_scale choose(double most, const struct step *steps,
                               size_t count)
{
    struct pmt_scale scale = {steps[0].divisor, steps[0].name};

    for (size_t i = 1; i < count; i++) {
        double from = steps[i].divisor;

        i += steps[i].name == NULL;
        if (most < from)
            break;
        scale = (struct pmt_scale){steps[i].divisor, steps[i].name};
    }
    return scale;
}

struct pmt_scale pmt_unit_scale(enum pmt_unit unit, double most)
{
    most = fabs(most);
    if (unit == PMT_UNIT_COUNT_RATE && !(most > 0))
        most = 1;
    switch (unit) {
    case PMT_UNIT_BYTES:
        return choose(most, STEPS(byte_steps));
    case PMT_UNIT_NS:
        return choose(most, STEPS(time_steps));
    case PMT_UNIT_BYTES_RATE:
        return choose(most, STEPS(byte_rate_steps));
    case PMT_UNIT_COUNT_RATE:
        return choose(most, STEPS(count_rate_steps));
    case PMT_UNIT_PERCENT:
        return choose(most, STEPS(percent_steps));
    case PMT_UNIT_COUNT:
        break;
    }
    return choose(most, STEPS(count_steps));
}

struct pmt_scale pmt_panel_scale(const struct pmt_panel *panel)
{
    double least, most = pmt_panel_most(panel, &least);

    return pmt_unit_scale(panel->y_unit, fmax(most, -least));
}

/* Three digits that count: 1.23, 12.3, 123. */
char *pmt_unit_text(char *buffer, enum pmt_unit unit, double value)
{
    struct pmt_scale scale =
        pmt_unit_scale(unit, value == 0 && unit == PMT_UNIT_NS ? 1e9 : value);
    double shown = value / scale.divisor;
    int digits = fabs(shown) >= 100 || shown == rint(shown) ? 0
                 : fabs(shown) >= 10                        ? 1
                                                            : 2;
    bool apart = scale.name[0] != '\0' && scale.name[0] != '/' &&
                 scale.name[0] != '%';

    snprintf(buffer, PMT_UNIT_TEXT, "%.*f%s%s", digits, shown,
             apart ? " " : "", scale.name);
    return buffer;
}
