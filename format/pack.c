/* pack.c - columns in their codec as they grow. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

/* ---- values one after the other ----------------------------------------- */

int pmt_packed_grow(struct pmt_packed *p, size_t n)
{
    size_t room = p->room ? p->room : 64;
    uint8_t *bytes;

    while (room - p->used < n * PMT_ULEB_MAX) {
        room *= 2;
    }
    bytes = realloc(p->bytes, room);
    if (!bytes) {
        return PMT_ERR_MEMORY;
    }
    p->bytes = bytes;
    p->room = room;
    return PMT_OK;
}

int pmt_packed_room_at(struct pmt_packed *p, size_t row)
{
    /* Zeros take a byte each. */
    return pmt_packed_room(p, (row - p->count) / PMT_ULEB_MAX + 2);
}

void pmt_packed_add_at(struct pmt_packed *p, size_t row, uint64_t v)
{
    while (p->count < row) {
        pmt_packed_add(p, 0);
    }
    pmt_packed_add(p, v);
}

/* A byte string behind `key`; [4, string] where `runs`. */
static int put_string(struct pmt_body *body, uint32_t key,
                      const struct pmt_packed *p, bool runs)
{
    struct pmt_buffer *b = &body->bytes;
    int rc = pmt_cbor_put_uint(b, key);

    if (rc == PMT_OK && runs) {
        rc = pmt_cbor_put_array(b, 2);
        rc = rc < 0 ? rc : pmt_cbor_put_uint(b, PMT_CODEC_RUNS);
    }
    rc = rc < 0 ? rc : pmt_cbor_put_bytes(b, p->bytes, p->used);
    body->entries++;
    return rc;
}

static int put_constant(struct pmt_body *body, uint32_t key, uint64_t v,
                        bool may_be_absent)
{
    int rc;

    if (!v && may_be_absent) {
        return PMT_OK;
    }
    rc = pmt_cbor_put_uint(&body->bytes, key);
    body->entries++;
    return rc < 0 ? rc : pmt_cbor_put_uint(&body->bytes, v);
}

int pmt_packed_put(struct pmt_packed *p, struct pmt_body *body, uint32_t id,
                   size_t rows, bool may_be_absent)
{
    if (!p->count || !rows) {
        return put_constant(body, id, 0, may_be_absent || !rows);
    }
    if (p->count < rows) {
        if (pmt_packed_room_at(p, rows) < 0) {
            return PMT_ERR_MEMORY;
        }
        pmt_packed_add_at(p, rows - 1, 0);
    }
    return p->differ ? put_string(body, id, p, false)
                     : put_constant(body, id, p->first, may_be_absent);
}

void pmt_packed_clear(struct pmt_packed *p)
{
    p->used = 0;
    p->count = 0;
    p->differ = 0;
}

void pmt_packed_release(struct pmt_packed *p)
{
    free(p->bytes);
    memset(p, 0, sizeof *p);
}

/* ---- runs --------------------------------------------------------------- */

void pmt_runs_set(struct pmt_runs *r, size_t row, uint64_t v)
{
    if (v == r->value) {
        return;
    }
    if (row > r->from) {
        pmt_packed_add(&r->runs, row - r->from - 1);
        pmt_packed_add(&r->runs, r->value);
    }
    r->from = row;
    r->value = v;
}

int pmt_runs_put(struct pmt_runs *r, struct pmt_body *body, uint32_t id,
                 size_t rows, bool may_be_absent)
{
    if (!r->runs.count) {
        return put_constant(body, id, r->value, may_be_absent);
    }
    /* A value that is none closes the last run. */
    if (rows > r->from) {
        uint64_t value = r->value;

        if (pmt_runs_room(r) < 0) {
            return PMT_ERR_MEMORY;
        }
        pmt_runs_set(r, rows, ~value);
        r->value = value; /* if the chunk is put again, with more rows */
    }
    return put_string(body, id, &r->runs, true);
}

void pmt_runs_clear(struct pmt_runs *r, uint64_t value)
{
    pmt_packed_clear(&r->runs);
    r->from = 0;
    r->value = value;
}

void pmt_runs_release(struct pmt_runs *r)
{
    pmt_packed_release(&r->runs);
    memset(r, 0, sizeof *r);
}
