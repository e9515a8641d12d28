/*
 * group.h: adds up blocks and objects by type, site, thread and so on.
 *
 * Two ids are one group when what they stand for reads the same: the same
 * file, line and function under different ids, in different streams. Types
 * are one group when name, basic size and item size are the same; `ids` says
 * how many types that are. Groups of types with the same name and different
 * sizes are numbered ("Point #2").
 *
 * Never prints. Memory grows with the tables. Threads: one at a time.
 */
#ifndef PMT_GROUP_H
#define PMT_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estimate.h"
#include "id-map.h"
#include "intern.h"
#include "live-table.h"
#include "pmt/reader.h"
#include "sampling.h"

enum pmt_group_by {
    PMT_BY_TYPE,
    PMT_BY_SITE,     /* file, line and function of the innermost frame */
    PMT_BY_FILE,     /* of the innermost frame, as the two below */
    PMT_BY_FUNCTION, /* function and file */
    PMT_BY_STACK,    /* all frames */
    PMT_BY_THREAD,   /* that made it */
    PMT_BY_DOMAIN,
    PMT_BY_STREAM,
    PMT_BY_LABEL     /* function of an outermost frame of file "<label>" */
};

/* The file of such a frame. */
#define PMT_LABEL_FILE "<label>"

/* Names of the above in that order, ends with NULL: for PMT_OPT_CHOICE. */
extern const char *const pmt_group_by_names[];

struct pmt_group {
    uint64_t count, bytes;       /* with those of samples an estimate */
    uint64_t samples;            /* blocks of sampled streams in the trace */
    uint64_t exact_bytes;        /* of those that are no samples */
    uint64_t exact, weight;      /* private: `count` is their sum */
    const struct pmt_stream *stream; /* the first in which it was met; borrowed
                                        from the reader */
    uint32_t id;   /* there: of the type, thread or domain, or the stack */
    uint32_t ids;  /* how many ids it has, over all streams */
    uint32_t twin; /* 1, 2, ... when types share its name; else 0 */
};

/* Zeroed with `by` set is an empty one. */
struct pmt_grouping {
    enum pmt_group_by by;

    /* To be read. */
    struct pmt_group *groups; /* of count 0: only the caller of another */
    size_t group_count;

    /* Private. */
    size_t capacity;
    struct pmt_intern keys;  /* the number of a key is that of its group */
    struct pmt_intern sites; /* by STACK: the parts of keys */
    struct pmt_id_map *maps; /* by stream: groups of its ids, plus 1 */
    size_t map_count;
    struct pmt_samples samples;
    unsigned char *key;      /* being put together */
    size_t key_length, key_capacity;
};

void pmt_grouping_release(struct pmt_grouping *grouping);

/*
 * The number of the group of a block of `stream`, which is stream number
 * `place` (0, 1, ...) to the caller; made when it is new. PMT_INTERN_NONE: no
 * memory. What the tables say at the first time is kept.
 */
uint32_t pmt_grouping_of(struct pmt_grouping *grouping,
                         const struct pmt_stream *stream, size_t place,
                         const struct pmt_block *block);

/* Stream `place` has started again: its ids mean what its tables say now. */
void pmt_grouping_forget(struct pmt_grouping *grouping, size_t place);

/* Adds all blocks of a table, of which each is a sample when sample_bytes is
 * not 0 (sampling.h). PMT_OK or PMT_ERR_MEMORY. */
int pmt_grouping_add_table(struct pmt_grouping *grouping,
                           const struct pmt_stream *stream, size_t place,
                           const struct pmt_live_table *table,
                           uint64_t sample_bytes);

/* Something was sampled at this rate, also if nothing of it is added; said by
 * pmt_grouping_add_table() by itself. PMT_OK or PMT_ERR_MEMORY. */
int pmt_grouping_sampled(struct pmt_grouping *grouping,
                         uint64_t sample_bytes);

/* Adds `count` blocks of `bytes` in all to the group of `block`; each a sample
 * as above. */
int pmt_grouping_add(struct pmt_grouping *grouping,
                     const struct pmt_stream *stream, size_t place,
                     const struct pmt_block *block, uint64_t count,
                     uint64_t bytes, uint64_t sample_bytes);

enum pmt_group_sort { PMT_SORT_BYTES, PMT_SORT_COUNT };
extern const char *const pmt_group_sort_names[];

/*
 * Numbers of the groups that have blocks, largest first, ties in the order in
 * which they were met; gives types of one name their numbers. *count of them;
 * free() the array. NULL: no memory.
 */
uint32_t *pmt_grouping_sorted(struct pmt_grouping *grouping,
                              enum pmt_group_sort sort, size_t *count);

/*
 * Within what limits the sum of some groups is, of a grouping that was sorted;
 * `all`: of all, and of what no block was seen of. PMT_OK or PMT_ERR_MEMORY.
 */
int pmt_grouping_range(const struct pmt_grouping *grouping,
                       const uint32_t *groups, size_t count, bool all,
                       struct pmt_range *blocks, struct pmt_range *bytes);

/* What the group is called: raw bytes of the trace, as in names.h. By STACK:
 * its innermost site. */
size_t pmt_group_name(char *buffer, size_t size,
                      const struct pmt_grouping *grouping,
                      const struct pmt_group *group);

/* The label of a stack: see PMT_BY_LABEL. False: it has none. */
bool pmt_group_label(const struct pmt_stream *stream, uint32_t stack,
                     struct pmt_text *label);

/* "pid 4711: python3 app.py". */
size_t pmt_stream_name(char *buffer, size_t size, const struct pmt_stream *s);

#endif
