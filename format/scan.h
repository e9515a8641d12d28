/*
 * scan.h - goes through a file frame by frame and finds the way after damage
 * (spec 9.1 to 9.4). Knows frames, labels and indexes, not chunks.
 */
#ifndef PMT_SCAN_H
#define PMT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "input.h"
#include "pmt/error.h"
#include "pmt/index.h"

enum pmt_scan_type {
    PMT_SCAN_FRAME,   /* a data frame; `entry` is its label */
    PMT_SCAN_DAMAGE,  /* `damage` */
    PMT_SCAN_FOREIGN, /* a skippable frame that is not ours */
    PMT_SCAN_INDEX    /* a sound index */
};

struct pmt_scanned {
    enum pmt_scan_type type;
    uint64_t offset;         /* of the frame, or of its label */
    uint64_t frame_offset;
    size_t frame_bytes;
    size_t content_bytes;
    bool has_label;          /* a sound one of version 1 */
    struct pmt_entry entry;
    struct pmt_error damage;
    bool data_lost;          /* DAMAGE: it was a data frame */
};

struct pmt_scan;

/* `input` is borrowed. */
int pmt_scan_new(struct pmt_scan **out, struct pmt_input *input,
                 struct pmt_error *err);
void pmt_scan_free(struct pmt_scan *s);

/* PMT_OK: `item` is filled. PMT_END. PMT_ERR_IO, PMT_ERR_MEMORY.
 * PMT_ERR_NOT_A_TRACE: nothing in the file looks like a trace. */
int pmt_scan_next(struct pmt_scan *s, struct pmt_scanned *item,
                  struct pmt_error *err);

/* After damage at the start of a file: PMT_OK when there is a trace in it,
 * else PMT_ERR_NOT_A_TRACE (spec 2.4). */
int pmt_scan_settle(struct pmt_scan *s, struct pmt_error *err);

/* True when the frame of the last item may be passed over by its label. */
bool pmt_scan_can_skip(const struct pmt_scanned *item);

/*
 * Decompresses the frame of the last item into `content`; the crc of its
 * label is checked before. PMT_ERR_CORRUPT and PMT_ERR_LIMIT: it is damaged,
 * and the scan goes on as spec 9 says. PMT_ERR_IO, PMT_ERR_MEMORY.
 */
int pmt_scan_content(struct pmt_scan *s, struct pmt_scanned *item,
                     struct pmt_buffer *content, struct pmt_error *err);

/* The bytes of the frame of the last item, borrowed until the next call.
 * NULL: could not be read. */
const uint8_t *pmt_scan_frame(struct pmt_scan *s,
                              const struct pmt_scanned *item,
                              struct pmt_error *err);

/* The frame's content was damaged although its bytes are sound, or its label
 * was wrong: an index of this region can't be held against it. */
void pmt_scan_note_damage(struct pmt_scan *s, uint64_t offset);

/* Where the scan stands. */
uint64_t pmt_scan_position(const struct pmt_scan *s);

#endif
