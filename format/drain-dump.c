/*
 * drain-dump.c - a copy of all that a drain has written, as one file
 * (pmt/drain.h).
 *
 * The copy is made in pieces, between which the drain goes on with its work:
 * what is copied is settled before, and stays open.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drain-private.h"
#include "writer-parts.h"

#define PIECE (UINT64_C(4) << 20)

/* The next piece of one part. */
static int copy_part(struct pmt_drain *d, struct pmt_ring_copy *copy,
                     const struct pmt_ring_from *from, struct pmt_error *err)
{
    for (uint64_t at = 0; at < from->bytes;) {
        uint64_t left = from->bytes - at;
        uint64_t n = left < PIECE ? left : PIECE;
        int rc = pmt_ring_copy_piece(copy, from, at, n, err);

        if (rc < 0) {
            return rc;
        }
        at += n;
        if (at < from->bytes) {
            pmt_drain_pass(d, false, NULL); /* fails again where it matters */
        }
    }
    return PMT_OK;
}

int pmt_drain_dump(struct pmt_drain *d, const char *path, uint64_t *bytes,
                   struct pmt_error *err)
{
    struct pmt_ring_from from[PMT_DRAIN_PARTS_MAX];
    struct pmt_ring_copy copy;
    struct pmt_buffer end = {NULL, 0, 0};
    struct pmt_sink sink;
    size_t count = 0;
    int rc = pmt_drain_pass(d, true, err);

    rc = rc < 0 ? rc : pmt_drain_open_parts(d, from, &count, err);
    if (rc < 0) {
        return rc;
    }
    /* Now: the stream goes on while it is copied. */
    pmt_sink_to_buffer(&sink, &end);
    rc = pmt_writer_end_copy(d->writer, &sink, err);
    rc = rc < 0 ? rc : pmt_ring_copy_begin(&copy, path, err);
    if (rc == PMT_OK) {
        for (size_t i = 0; rc == PMT_OK && i < count; i++) {
            rc = copy_part(d, &copy, &from[i], err);
        }
        if (rc == PMT_OK) {
            rc = pmt_ring_copy_add(&copy, end.bytes, end.used, err);
        }
        if (bytes) {
            *bytes = copy.bytes;
        }
        rc = pmt_ring_copy_end(&copy, rc, err);
    }
    pmt_buffer_release(&end);
    for (size_t i = 0; i < count; i++) {
        pmt_ring_close(&from[i]);
    }
    return rc;
}
