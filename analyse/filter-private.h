/*
 * filter-private.h: the inside of a filter, for the files filter*.c only.
 *
 *   filter.c          chunks and streams
 *   filter-blocks.c   records about blocks and objects, and what is live
 *   filter-carry.c    what is live where the window opens
 *   filter-lives.c    tests of lives: a first pass
 *   filter-records.c  all other records
 *   filter-seek.c     which chunks are needed, by the index
 *   filter-texts.c    the conditions in the headers of streams
 */
#ifndef PMT_FILTER_PRIVATE_H
#define PMT_FILTER_PRIVATE_H

#include "filter.h"

/* Of a block's `domain`: it is kept. */
#define PMT_FILTER_KEPT 0x40u

/* filter.c: writes the records of the event that f->keep names. */
int pmt_filter_emit(struct pmt_filter *f, struct pmt_filter_stream *s,
                    struct pmt_reader *r, const struct pmt_event *event,
                    struct pmt_error *err);

/* filter.c: what waits comes before the chunk of `where`. */
int pmt_filter_flush(struct pmt_filter *f, struct pmt_filter_stream *s,
                     struct pmt_error *err);

/* filter.c, for filter-seek.c: the stream of an event (NULL: no memory); is it
 * a kind of records that are asked; is there nothing of a chunk that is kept or
 * must be known, by its label? */
struct pmt_filter_stream *pmt_filter_stream_of(struct pmt_filter *f,
                                               const struct pmt_stream *stream);
bool pmt_filter_is_record(uint32_t kind);
bool pmt_filter_useless(const struct pmt_filter *f,
                        const struct pmt_filter_stream *s,
                        const struct pmt_envelope *e);

/* filter-texts.c: fills f->texts with those of the expression and those that
 * the stream has, each once. PMT_OK or PMT_ERR_MEMORY. */
int pmt_filter_join_texts(struct pmt_filter *f,
                          const struct pmt_stream_header *h);
/* Where blocks are not known that were made before a window: what the stream
 * was filtered by already is asked again, so that releases of such blocks are
 * left out as they would be with all conditions at once. */
void pmt_filter_ask_again(struct pmt_filter_stream *s);

/* filter-blocks.c */
int pmt_filter_blocks(struct pmt_filter *f, struct pmt_filter_stream *s,
                      struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_error *err);
int pmt_filter_live_set(struct pmt_filter *f, struct pmt_filter_stream *s,
                        struct pmt_reader *r, const struct pmt_event *event,
                        struct pmt_error *err);
void pmt_filter_release_set(struct pmt_filter_set *set);

static inline enum pmt_kind pmt_filter_kind_of(enum pmt_filter_which which)
{
    return which == PMT_FILTER_BLOCKS ? PMT_KIND_ALLOC : PMT_KIND_OBJECT;
}

/* filter-carry.c: opens the window of a set before the chunk of `where`, if it
 * is not. */
int pmt_filter_carry(struct pmt_filter *f, struct pmt_filter_stream *s,
                     enum pmt_filter_which which,
                     const struct pmt_envelope *where, struct pmt_error *err);

/* Behind the last event of a first pass. PMT_OK or PMT_ERR_MEMORY. */
int pmt_filter_lives_finish(struct pmt_filter *f, struct pmt_filter_stream *s,
                            enum pmt_filter_which which);

/* filter-records.c: fills f->keep for records of any other kind. */
void pmt_filter_records(struct pmt_filter *f, struct pmt_filter_stream *s,
                        struct pmt_reader *r, const struct pmt_event *event);

/* filter-lives.c: of a block `number` of a set, in a second pass. */
uint64_t pmt_filter_lives_of(const struct pmt_filter *f,
                             const struct pmt_filter_stream *s,
                             enum pmt_filter_which which, uint64_t number);
/* In a first pass: the block is gone at `time`, or lives at a moment. */
int pmt_filter_life_ends(struct pmt_filter *f, struct pmt_filter_stream *s,
                         enum pmt_filter_which which,
                         const struct pmt_block *block, uint64_t time);
/* Before the record at `time` is taken: who is alive at the moments that have
 * passed. `time` UINT64_MAX: at all others. */
int pmt_filter_life_moments(struct pmt_filter *f, struct pmt_filter_stream *s,
                            enum pmt_filter_which which, uint64_t time);
int pmt_filter_life_same(struct pmt_filter_lives *lives, uint64_t number,
                         uint64_t before);
uint64_t pmt_filter_life_first(struct pmt_filter_lives *lives,
                               uint64_t number);
void pmt_filter_release_lives(struct pmt_filter_stream *s);

#endif
