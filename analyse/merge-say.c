/* merge-say.c: see merge-say.h. */
#include "merge-say.h"

#include "cli/errors.h"
#include "cli/text.h"

static void say(uint64_t count, const char *what)
{
    char text[PMT_TEXT_SIZE];

    if (count > 0)
        pmt_warn("%s chunk%s %s", pmt_text_count(text, count),
                 pmt_text_plural(count), what);
}

void pmt_merge_warn_missing(const struct pmt_merge_report *r)
{
    say(r->damaged, "damaged: not in the result");
    say(r->missing > r->damaged ? r->missing - r->damaged : r->missing,
        "missing");
}

void pmt_merge_warn_left_out(const struct pmt_merge_report *r)
{
    char text[PMT_TEXT_SIZE];

    say(r->differing, "left out: of the same number as another, but not the "
                      "same");
    if (r->cuts > 0)
        pmt_warn(
            "%s stream%s left out: there as recorded too, or filtered "
            "or archived otherwise",
            pmt_text_count(text, r->cuts), pmt_text_plural(r->cuts));
}

void pmt_merge_note(const struct pmt_merge_report *r)
{
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE];

    if (r->duplicates > 0)
        pmt_note("%s chunk%s there more than once, taken once",
                 pmt_text_count(a, r->duplicates),
                 pmt_text_plural(r->duplicates));
    if (r->clocks > 1)
        pmt_note("%s clocks, compared by wall time: to %s s",
                 pmt_text_count(a, r->clocks),
                 pmt_text_seconds(b, r->uncertainty_ns));
}
