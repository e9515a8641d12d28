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
    PMT_BY_FILE,     /* of the innermost frame, as the four below */
    PMT_BY_LINENO,   /* file and line, as tracemalloc has it */
    PMT_BY_FUNCTION, /* function and file */
    PMT_BY_MODULE,   /* pmt_group_module() of the file */
    PMT_BY_STACK,    /* all frames, by site */
    PMT_BY_TRACEBACK, /* all frames, by file and line, as tracemalloc */
    PMT_BY_THREAD,   /* that made it */
    PMT_BY_PROCESS,  /* all streams of one pid, session, boot and host */
    PMT_BY_STREAM,
    PMT_BY_DOMAIN,
    PMT_BY_LABEL,    /* function of an outermost frame of file "<label>" */
    PMT_BY_SIZE,     /* pmt_size_class() */
    PMT_BY_OWN       /* site of the innermost frame that is the program's own:
                        pmt_own_site() */
};

/* Is it by frames, so that it can be cumulative? */
bool pmt_group_has_frames(enum pmt_group_by by);

/* The file of such a frame. */
#define PMT_LABEL_FILE "<label>"

/* Names of the above in that order, ends with NULL: for PMT_OPT_CHOICE. */
extern const char *const pmt_group_by_names[];

struct pmt_group {
    uint64_t count, bytes;       /* with those of samples an estimate */
    uint64_t samples;            /* blocks of sampled streams in the trace */
    uint64_t exact_bytes;        /* of those that are no samples */
    uint64_t exact, weight;      /* private: `count` is their sum */
    uint32_t round;              /* private */
    const struct pmt_stream *stream; /* the first in which it was met; borrowed
                                        from the reader */
    uint32_t id;   /* there: of the type, thread or domain, or the stack; by
                      SIZE the class */
    uint32_t ids;  /* how many ids it has, over all streams */
    uint32_t twin; /* 1, 2, ... when types share its name; else 0 */
};

/* Zeroed with `by`, and `cumulative` and `every_frame` if wanted, set is an empty
 * one. */
struct pmt_grouping {
    enum pmt_group_by by;

    /* A block is added to the groups of all frames of its stack, to each
     * once; by STACK and TRACEBACK also to those of its callers. Nothing where
     * the key is not by frames. With every_frame to a group as often as it
     * has frames in the stack, as tracemalloc's `cumulative` does: recursion,
     * and calls within a file, then count several times. */
    bool cumulative, every_frame;

    /* To be read. */
    struct pmt_group *groups; /* of count 0: only the caller of another */
    size_t group_count;
    struct pmt_group total;   /* of all blocks added, each once */

    /* Private. */
    size_t capacity;
    struct pmt_intern keys;  /* the number of a key is that of its group */
    struct pmt_intern sites; /* by STACK: the parts of keys */
    struct pmt_id_map *maps; /* by stream: groups of its ids, plus 1 */
    size_t map_count;
    struct pmt_samples samples;
    unsigned char *key;      /* being put together */
    size_t key_length, key_capacity;
    uint32_t *chain;         /* of pmt_grouping_all_of */
    size_t chain_capacity;
    uint32_t round;
};

/* What was set stays. */
void pmt_grouping_release(struct pmt_grouping *grouping);

/*
 * The number of the group of a block of `stream`, which is stream number
 * `place` (0, 1, ...) to the caller; made when it is new. PMT_INTERN_NONE: no
 * memory. What the tables say at the first time is kept.
 */
uint32_t pmt_grouping_of(struct pmt_grouping *grouping,
                         const struct pmt_stream *stream, size_t place,
                         const struct pmt_block *block);

/*
 * The numbers of all groups to which such a block is added, its own first, and
 * *count of them: one, when it is not cumulative; with every_frame a group may
 * be there several times. NULL: no memory. Borrowed
 * until the next call that makes or adds.
 */
const uint32_t *pmt_grouping_all_of(struct pmt_grouping *grouping,
                                    const struct pmt_stream *stream,
                                    size_t place,
                                    const struct pmt_block *block,
                                    size_t *count);

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

/* Adds `count` blocks of `bytes` in all to the groups of `block`, whose size
 * matters by SIZE only; each a sample as above. */
int pmt_grouping_add(struct pmt_grouping *grouping,
                     const struct pmt_stream *stream, size_t place,
                     const struct pmt_block *block, uint64_t count,
                     uint64_t bytes, uint64_t sample_bytes);

/* The group of all blocks among the samples of a cumulative grouping. */
#define PMT_GROUP_TOTAL (PMT_SAMPLES_UNSEEN - 1)

/* A group's place among others: the largest `first` comes first, of those the
 * largest `second`, of those the group that was met first. */
struct pmt_group_rank {
    uint64_t first, second;
    uint32_t group;
};
void pmt_group_ranks_sort(struct pmt_group_rank *ranks, size_t count);

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

/* What the group is called: raw bytes of the trace, as in names.h. By STACK and
 * TRACEBACK: its innermost site. */
size_t pmt_group_name(char *buffer, size_t size,
                      const struct pmt_grouping *grouping,
                      const struct pmt_group *group);

/* The label of a stack: see PMT_BY_LABEL. False: it has none. */
bool pmt_group_label(const struct pmt_stream *stream, uint32_t stack,
                     struct pmt_text *label);

/*
 * What the module of such a file is called, when each "/" is read as "."; a
 * part of the file's own name. "json/decoder" of /usr/lib/python3.11/json/
 * decoder.py, by the folders from which modules are imported; "app" of
 * /home/me/app.py; "importlib._bootstrap" of <frozen importlib._bootstrap>; a
 * file that is no module is itself. bytes NULL stays so.
 */
struct pmt_text pmt_group_module(struct pmt_text file);

/*
 * Classes of sizes, from 0: 0 bytes; 1 to 16, 17 to 32 and so on to 512 bytes,
 * which are those of Python's own allocator; from there to the next power of
 * 2. *_range: the least and greatest size of a class.
 */
#define PMT_SIZE_CLASSES 88
uint32_t pmt_size_class(uint64_t size);
struct pmt_range pmt_size_class_range(uint32_t number);

/* "pid 4711: python3 app.py". */
size_t pmt_stream_name(char *buffer, size_t size, const struct pmt_stream *s);

#endif
