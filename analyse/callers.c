/* callers.c: see callers.h. */
#include "callers.h"

#include <inttypes.h>
#include <stdio.h>

#include "names.h"

#define FRAMES_MAX 100

void pmt_callers_list(struct pmt_listing *list, size_t before,
                      const struct pmt_group *group)
{
    char name[PMT_NAME_SIZE + 8] = "  by ";
    struct pmt_site site;
    uint32_t id = group->id, depth = 0;

    while (pmt_stream_site(group->stream, id, &site) && site.parent &&
           site.parent < id) {
        id = site.parent;
        if (depth++ >= FRAMES_MAX)
            continue;
        pmt_name_site(name + 5, PMT_NAME_SIZE, group->stream, id);
        pmt_listing_below(list, before, name);
    }
    if (depth > FRAMES_MAX) {
        snprintf(name, sizeof name, "  and %" PRIu32 " more",
                 depth - FRAMES_MAX);
        pmt_listing_below(list, before, name);
    }
}
