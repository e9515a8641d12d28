/* suggest.h: "did you mean". */
#ifndef PMT_CLI_SUGGEST_H
#define PMT_CLI_SUGGEST_H

#include <stddef.h>

/* Letters to add, drop, change or swap with a neighbour to make b of a. */
size_t pmt_suggest_distance(const char *a, const char *b);

/* Names are offered one after another; the nearest to
 * `typed` that is near enough to be a slip stays in *best (NULL at first)
 * with its distance in *distance. name: borrowed. */
void pmt_suggest_offer(const char *typed, const char *name, const char **best,
                       size_t *distance);

#endif
