/*
 * choice.h - which events are wanted: the filters of the modes alloc and
 * object, as their hooks ask them.
 */
#ifndef REC_CHOICE_H
#define REC_CHOICE_H

#include "cpython.h"
#include "parts.h"
#include "stacks.h"
#include "thread.h"

/* What rec_set comes to. Written when hooks are put in. */
struct rec_choice {
    uint64_t min, max;     /* alloc: bytes, both wanted */
    bool files;            /* there is a filter by file */
    bool records;          /* alloc: records go to the journal */
};

extern struct rec_choice rec_choice;

/* What rec_set says of allocator hooks. */
unsigned rec_wanted_domains(void);  /* 1 raw | 2 mem | 4 obj, never 0 */
bool rec_wants_records(void);
bool rec_wants_tracking(void);      /* the live set is to be kept */
bool rec_wants_all_blocks(void);    /* no filter, no sampling */

/* Whether a block that the recorder took itself is wanted (alloc.h). */
bool rec_wants_own(uint64_t size);

/* Sets rec_choice. */
void rec_choose(void);

/* What is known of the file of a site: 0 nothing yet, else one of these.
 * Two bits for each stack id. */
enum { REC_FILE_WANTED = 1, REC_FILE_UNWANTED = 2 };
extern uint8_t *rec_file_verdicts;

/* Looks at the file of the innermost frame, whose stack id is `site`, or 0. */
bool rec_file_wanted_slow(const PyThreadState *ts, uint32_t site);

/*
 * True when the innermost frame of the calling thread runs a file that is
 * wanted; no frame counts as a file without a name. `site` gets the id of the
 * stack of this one frame. Inside a hook; rec_choice.files is set. The rest
 * is as for rec_stack().
 */
static inline bool rec_file_wanted(struct rec_thread *t,
                                   const PyThreadState *ts, bool may_call,
                                   uint32_t *site)
{
    unsigned verdict;

    *site = rec_stack(t, ts, 1, may_call);
    verdict = __atomic_load_n(&rec_file_verdicts[*site / 4],
                              __ATOMIC_RELAXED) >> *site % 4 * 2 & 3;
    if (REC_LIKELY(verdict != 0 && *site != 0))
        return verdict == REC_FILE_WANTED;
    return rec_file_wanted_slow(ts, *site);
}

/* Tells the stream of events of `kind` (enum pmt_kind) that were seen and not
 * recorded; before the thread's next record of that kind. */
static inline void rec_put_gap(struct rec_thread *t, uint64_t now,
                               unsigned kind, uint64_t *count)
{
    if (REC_LIKELY(*count == 0))
        return;
    if (rec_append(t, now,
                   (uint64_t)PMT_RAW_GAP << PMT_RAW_ADDRESS_BITS |
                       (*count & PMT_RAW_ADDRESS_MASK),
                   kind, 0))
        rec_was_note(t);
    *count = 0;
}

extern const struct rec_part rec_part_choice;

#endif
