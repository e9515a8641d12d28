/*
 * scan-private.h - the inside of a scan, for the files scan*.c only.
 *
 *   scan.c         one step at a frame (spec 9.1 to 9.3)
 *   scan-search.c  finding the way after damage (9.1, 9.4)
 */
#ifndef PMT_SCAN_PRIVATE_H
#define PMT_SCAN_PRIVATE_H

#include "region.h"
#include "scan.h"

struct pmt_scan {
    struct pmt_input *input;
    struct pmt_decompressor *decompressor;
    struct pmt_buffer scratch;  /* content of a candidate in a search */
    struct pmt_region region;
    uint64_t position;
    bool searching;             /* find the next mark before going on */
    uint64_t search_from;
    bool found_any;             /* something of a trace was there */
    uint8_t tail[8];            /* of the file, once a search met its end */
};

/* What something begins like (spec 9.1). */
enum pmt_like {
    PMT_LIKE_END,       /* the end of the file */
    PMT_LIKE_NOTHING,
    PMT_LIKE_DATA,
    PMT_LIKE_LABEL,
    PMT_LIKE_INDEX,
    PMT_LIKE_SKIPPABLE
};

/* "Begins like": of fewer than 4 bytes at the end of the file, those that
 * are there decide. */
enum pmt_like pmt_begins_like(const uint8_t *p, size_t have);

/* What is at `offset`. Negative: the source failed. */
int pmt_scan_look(struct pmt_scan *s, uint64_t offset, enum pmt_like *like,
                struct pmt_error *err);

/* Search from `from` before the next step. */
void pmt_scan_search_later(struct pmt_scan *s, uint64_t from);

/* Go on at `end` when something there begins like a frame or the file ends;
 * else search from `from`. */
int pmt_scan_resume(struct pmt_scan *s, uint64_t end, uint64_t from,
                  struct pmt_error *err);

/* Finds the first mark at or behind `offset` (spec 9.4): PMT_OK with `at`, or
 * PMT_END, and then s->tail is the end of the file. */
int pmt_scan_search(struct pmt_scan *s, uint64_t offset, uint64_t *at,
                  struct pmt_error *err);

/* Why there are no bytes of the input. */
static inline int pmt_scan_no_bytes(const struct pmt_scan *s)
{
    return s->input->rc < 0 ? s->input->rc : PMT_ERR_IO;
}

#endif
