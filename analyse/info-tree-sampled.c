/* info-tree-sampled.c: of the tree of processes (info-tree.h), those that were
 * sampled, and which of them a recorded stream is of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "info-tree.h"

void pmt_tree_sampled_add(struct pmt_info_tree *tree,
                          const struct pmt_info *info,
                          const struct pmt_summary_stream *stream)
{
    const struct pmt_stream_header *h = stream->header;
    const struct pmt_process_list *list =
        stream->details ? &stream->details->processes : NULL;

    for (size_t i = 0; list && h->has_boot && i < list->count; i++) {
        const struct pmt_life *life = &list->lives[i];
        struct pmt_tree_sampled *sampled;
        char ended[PMT_ENDED_SIZE];

        if (life->pid == 0 || life->samples == 0)
            continue;
        if (tree->sampled_count == tree->sampled_capacity) {
            tree->sampled_capacity = tree->sampled_capacity * 2 + 16;
            tree->sampled =
                pmt_xreallocarray(tree->sampled, tree->sampled_capacity,
                                  sizeof *tree->sampled);
        }
        sampled = &tree->sampled[tree->sampled_count++];
        *sampled = (struct pmt_tree_sampled){
            .pid = life->pid,
            .started_ns = life->started_ns,
            .ended_mono_ns = life->ended ? h->start_mono_ns + life->last_ns
                                         : UINT64_MAX,
            .samples = life->samples,
            .rss_most = life->rss_most,
            .cpu_ns = life->cpu_ns,
            .file = pmt_xstrdup(info->name),
        };
        memcpy(sampled->boot, h->boot, sizeof sampled->boot);
        snprintf(sampled->ended, sizeof sampled->ended, "%s",
                 pmt_life_ended(ended, life));
    }
}

static int by_boot_and_pid(const struct pmt_tree_sampled *x,
                           const struct pmt_tree_sampled *y)
{
    int order = memcmp(x->boot, y->boot, sizeof x->boot);

    return order != 0 ? order : (x->pid > y->pid) - (x->pid < y->pid);
}

static int in_time(const void *a, const void *b)
{
    const struct pmt_tree_sampled *x = a, *y = b;
    int order = by_boot_and_pid(x, y);

    if (order == 0)
        order = (x->started_ns > y->started_ns) -
                (x->started_ns < y->started_ns);
    return order != 0 ? order
                      : (x->ended_mono_ns > y->ended_mono_ns) -
                            (x->ended_mono_ns < y->ended_mono_ns);
}

void pmt_tree_sampled_sort(struct pmt_info_tree *tree)
{
    if (tree->sampled_count > 0)
        qsort(tree->sampled, tree->sampled_count, sizeof *tree->sampled,
              in_time);
}

struct pmt_tree_sampled *pmt_tree_sampled_find(struct pmt_info_tree *tree,
                                               const uint8_t boot[16],
                                               uint64_t pid,
                                               uint64_t mono_ns)
{
    struct pmt_tree_sampled key = {.pid = pid, .started_ns = mono_ns,
                                   .ended_mono_ns = UINT64_MAX};
    size_t low = 0, high = tree->sampled_count;

    memcpy(key.boot, boot, sizeof key.boot);
    while (low < high) { /* behind those that had begun */
        size_t middle = low + (high - low) / 2;

        if (in_time(&tree->sampled[middle], &key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0 && by_boot_and_pid(&tree->sampled[low], &key) == 0)
        if (tree->sampled[low].ended_mono_ns >= mono_ns)
            return &tree->sampled[low];
    return NULL;
}
