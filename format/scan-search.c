/* scan-search.c - finding the way after damage (spec 9.1, 9.4). */
#include "scan-private.h"

#include <string.h>

#include "bytes.h"
#include "label.h"

/* "Begins like": of fewer than 4 bytes at the end of the file, those that
 * are there decide. */
enum pmt_like pmt_begins_like(const uint8_t *p, size_t have)
{
    static const uint8_t data[4] = {0x28, 0xb5, 0x2f, 0xfd};
    static const uint8_t rest[3] = {0x2a, 0x4d, 0x18};
    size_t n = have < 4 ? have : 4;

    if (!n) {
        return PMT_LIKE_END;
    }
    if (!memcmp(p, data, n)) {
        return PMT_LIKE_DATA;
    }
    if (p[0] < 0x50 || p[0] > 0x5f || memcmp(p + 1, rest, n - 1) != 0) {
        return PMT_LIKE_NOTHING;
    }
    return p[0] == 0x5b ? PMT_LIKE_LABEL : p[0] == 0x5c ? PMT_LIKE_INDEX
                                                    : PMT_LIKE_SKIPPABLE;
}

/* Reads what is at `offset`. Negative: the source failed. */
int pmt_scan_look(struct pmt_scan *s, uint64_t offset, enum pmt_like *like,
                struct pmt_error *err)
{
    size_t have;
    const uint8_t *p = pmt_input_at(s->input, offset, 4, &have, err);

    if (!p) {
        return pmt_scan_no_bytes(s);
    }
    *like = pmt_begins_like(p, have);
    return PMT_OK;
}

void pmt_scan_search_later(struct pmt_scan *s, uint64_t from)
{
    s->searching = true;
    s->search_from = from;
}

/* Go on at `end` when something there begins like a frame or the file ends;
 * else search from `from`. */
int pmt_scan_resume(struct pmt_scan *s, uint64_t end, uint64_t from,
                  struct pmt_error *err)
{
    bool seeks = s->input->source.size != PMT_NO_OFFSET;
    enum pmt_like like = PMT_LIKE_NOTHING;

    /* A pipe can't come back for the search, so all up to `end` is kept;
     * look no further than that. */
    if (end >= from && (seeks ? end <= s->input->source.size
                              : end - from <= PMT_INDEX_BODY_MAX + 8)) {
        uint64_t at = seeks ? end : from;
        size_t have;
        const uint8_t *p = pmt_input_at(s->input, at, (size_t)(end - at) + 4,
                                        &have, err);

        if (!p) {
            return pmt_scan_no_bytes(s);
        }
        if (have >= end - at) {
            like = pmt_begins_like(p + (end - at), have - (size_t)(end - at));
        }
    }
    if (like == PMT_LIKE_NOTHING) {
        pmt_scan_search_later(s, from);
    } else {
        s->position = end;
    }
    return PMT_OK;
}

/* A sound data frame at `offset`: whole, by the rules, right checksum. */
static int sound_data_frame(struct pmt_scan *s, uint64_t offset, bool *sound,
                            struct pmt_error *err)
{
    size_t want = 64;

    *sound = false;
    for (;;) {
        size_t have, frame, content;
        const uint8_t *p = pmt_input_at(s->input, offset, want, &have, err);
        int rc;

        if (!p) {
            return pmt_scan_no_bytes(s);
        }
        rc = pmt_frame_measure(p, have, offset, &frame, &content, NULL);
        if (rc == PMT_END && have >= want) {
            want = have * 2; /* there may be more of it */
            continue;
        }
        if (rc == PMT_OK) {
            rc = pmt_decompress(s->decompressor, p, frame, offset, content,
                                &s->scratch, err);
            if (rc == PMT_ERR_MEMORY) {
                return rc;
            }
            *sound = rc == PMT_OK;
        }
        return PMT_OK;
    }
}

/* A sound index at `offset`, which begins like one. */
static int sound_index(struct pmt_scan *s, uint64_t offset, bool *sound,
                       struct pmt_error *err)
{
    size_t have, size;
    const uint8_t *p = pmt_input_at(s->input, offset, 8, &have, err);

    *sound = false;
    if (!p) {
        return pmt_scan_no_bytes(s);
    }
    if (have < 8) {
        return PMT_OK;
    }
    size = pmt_get_u32le(p + 4);
    if (size < PMT_INDEX_TRAILER || size > PMT_INDEX_BODY_MAX) {
        return PMT_OK;
    }
    p = pmt_input_at(s->input, offset, 8 + size, &have, err);
    if (!p) {
        return pmt_scan_no_bytes(s);
    }
    *sound = have >= 8 + size && pmt_index_sound(p + 8, size);
    return PMT_OK;
}

#define MARK_BYTES 12u     /* the first bytes of a label */
#define SEARCH_BYTES 65536u /* looked at in one piece */

/* Is there something at `offset`, where `p` has `have` bytes, at which a
 * reader goes on (spec 9.4)? */
static int is_mark(struct pmt_scan *s, uint64_t offset, const uint8_t *p,
                   size_t have, bool *found, struct pmt_error *err)
{
    static const uint8_t label[MARK_BYTES] = {0x5b, 0x2a, 0x4d, 0x18, 0x40, 0,
                                      0,    0,    'P',  'M',  'T',  'L'};

    *found = false;
    if (have >= sizeof label && !memcmp(p, label, sizeof label)) {
        *found = true;
        return PMT_OK;
    }
    if (have >= 5 && pmt_get_u32le(p) == PMT_FRAME_MAGIC) {
        return sound_data_frame(s, offset, found, err);
    }
    if (have >= 8 && pmt_get_u32le(p) == PMT_INDEX_MAGIC) {
        return sound_index(s, offset, found, err);
    }
    return PMT_OK;
}

/* The last bytes of the file, `n` of them at `offset`: too few for a label. */
static int search_last(struct pmt_scan *s, uint64_t offset, const uint8_t *p,
                       size_t n, uint64_t *at, struct pmt_error *err)
{
    uint8_t last[MARK_BYTES];

    /* A copy: looking at one place forgets what lies before it. */
    memcpy(last, p, n);
    for (size_t i = 0; i < n; i++) {
        bool found;
        int rc = is_mark(s, offset + i, last + i, n - i, &found, err);

        if (rc < 0 || found) {
            *at = offset + i;
            return rc;
        }
    }
    return PMT_END;
}

/* Finds the first mark at or behind `offset`: PMT_OK with `at`, or
 * PMT_END. */
int pmt_scan_search(struct pmt_scan *s, uint64_t offset, uint64_t *at,
                  struct pmt_error *err)
{
    for (;;) {
        size_t have;
        size_t i = 0;
        const uint8_t *p = pmt_input_at(s->input, offset, SEARCH_BYTES, &have,
                                        err);
        bool found;
        int rc;

        if (!p) {
            return pmt_scan_no_bytes(s);
        }
        while (have - i >= MARK_BYTES && p[i] != 0x5b && p[i] != 0x5c &&
               p[i] != 0x28) {
            i++;
        }
        if (have - i >= MARK_BYTES) {
            rc = is_mark(s, offset + i, p + i, have - i, &found, err);
            if (rc < 0 || found) {
                *at = offset + i;
                return rc;
            }
            i++;
        } else if (have < SEARCH_BYTES) {
            memset(s->tail, 0, sizeof s->tail);
            if (have >= sizeof s->tail) {
                memcpy(s->tail, p + have - sizeof s->tail, sizeof s->tail);
            }
            return search_last(s, offset + i, p + i, have - i, at, err);
        }
        offset += i;
    }
}
