/*
 * scan.c - frames of a file, one after the other.
 *
 * The functions follow the tables of spec 9.1 to 9.4, whose words are used
 * in the comments.
 */
#include "scan-private.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "crc32c.h"
#include "label.h"

int pmt_scan_new(struct pmt_scan **out, struct pmt_input *input,
                 struct pmt_error *err)
{
    struct pmt_scan *s = calloc(1, sizeof *s);
    int rc;

    *out = NULL;
    if (!s) {
        return pmt_error_set_memory(err);
    }
    s->input = input;
    rc = pmt_decompressor_new(&s->decompressor, err);
    if (rc < 0) {
        free(s);
        return rc;
    }
    *out = s;
    return PMT_OK;
}

void pmt_scan_free(struct pmt_scan *s)
{
    if (s) {
        pmt_decompressor_free(s->decompressor);
        pmt_buffer_release(&s->scratch);
        pmt_region_release(&s->region);
        free(s);
    }
}

uint64_t pmt_scan_position(const struct pmt_scan *s)
{
    return s->position;
}

void pmt_scan_note_damage(struct pmt_scan *s, uint64_t offset)
{
    pmt_region_damage(&s->region, offset);
}

bool pmt_scan_can_skip(const struct pmt_scanned *item)
{
    return item->has_label;
}

/* ---- reports ------------------------------------------------------------ */

static int report(struct pmt_scan *s, struct pmt_scanned *item, int code,
                  uint64_t offset, bool data_lost, const char *what)
{
    item->type = PMT_SCAN_DAMAGE;
    item->offset = offset;
    item->data_lost = data_lost;
    pmt_error_set(&item->damage, code, offset, "%s", what);
    pmt_region_damage(&s->region, offset);
    return PMT_OK;
}

/* A frame at `p`, data frame at `q` if it is one (`q` = `p` without a
 * label), passes the end of the file (spec 9.2). */
static int passes_end(struct pmt_scan *s, struct pmt_scanned *item,
                      uint64_t p, uint64_t q, bool data, bool index,
                      struct pmt_error *err)
{
    uint64_t found;
    int rc = pmt_scan_search(s, q + 1, &found, err);

    if (rc < 0) {
        return rc;
    }
    if (rc == PMT_OK) {
        s->position = found;
        return report(s, item, PMT_ERR_CORRUPT, q, data,
                      "a frame is cut off, but the file goes on");
    }
    s->position = PMT_NO_OFFSET;
    if (index && !memcmp(s->tail, "PMTINDEX", 8)) {
        return report(s, item, PMT_ERR_CORRUPT, p, false,
                      "index is longer than the file");
    }
    return report(s, item, PMT_ERR_TRUNCATED, p, data || !index,
                  "the file ends inside a frame");
}

/* ---- frames ------------------------------------------------------------- */

/* A data frame at `p` that has no label. */
static int take_unlabelled(struct pmt_scan *s, struct pmt_scanned *item,
                           uint64_t p, struct pmt_error *err)
{
    size_t want = 65536;

    for (;;) {
        struct pmt_error why;
        size_t have;
        const uint8_t *bytes = pmt_input_at(s->input, p, want, &have, err);
        int rc;

        if (!bytes) {
            return pmt_scan_no_bytes(s);
        }
        rc = pmt_frame_measure(bytes, have, p, &item->frame_bytes,
                               &item->content_bytes, &why);
        if (rc == PMT_END && have >= want) {
            want = have * 2;
            continue;
        }
        if (rc == PMT_END) {
            return passes_end(s, item, p, p, true, false, err);
        }
        if (rc < 0) {
            pmt_scan_search_later(s, p + 1);
            return report(s, item, PMT_ERR_CORRUPT, p, true, why.message);
        }
        item->type = PMT_SCAN_FRAME;
        item->offset = item->frame_offset = p;
        item->has_label = false;
        s->position = p + item->frame_bytes;
        s->found_any = true;
        if (pmt_region_add(&s->region, p, NULL) < 0) {
            return pmt_error_set_memory(err);
        }
        return PMT_OK;
    }
}

/* A sound label of version 1 at `p` (spec 9.3). */
static int take_labelled(struct pmt_scan *s, struct pmt_scanned *item,
                         uint64_t p, struct pmt_error *err)
{
    uint64_t q = p + PMT_LABEL_BYTES;
    uint64_t end = q + item->entry.frame_bytes;
    enum pmt_like like = PMT_LIKE_END;
    bool whole;
    int rc = pmt_scan_look(s, q, &like, err);

    if (rc < 0) {
        return rc;
    }
    switch (like) {
    case PMT_LIKE_END:
        s->position = PMT_NO_OFFSET;
        return report(s, item, PMT_ERR_TRUNCATED, p, true,
                      "the file ends behind a label");
    case PMT_LIKE_NOTHING:
        rc = pmt_scan_resume(s, end, q + 1, err);
        return rc < 0 ? rc
                      : report(s, item, PMT_ERR_CORRUPT, q, true,
                               "no frame where a label announces one");
    case PMT_LIKE_LABEL:
    case PMT_LIKE_INDEX:
    case PMT_LIKE_SKIPPABLE:
        s->position = q;
        return report(s, item, PMT_ERR_CORRUPT, p, true,
                      "a label is not followed by a data frame");
    case PMT_LIKE_DATA:
    default:
        break;
    }
    /* A file's size tells that the frame is all there without reading it,
     * so that skipping stays cheap; a pipe must be read. */
    if (s->input->source.size != PMT_NO_OFFSET) {
        whole = end <= s->input->source.size;
    } else {
        size_t have;

        if (!pmt_input_at(s->input, q, item->entry.frame_bytes, &have, err)) {
            return pmt_scan_no_bytes(s);
        }
        whole = have >= item->entry.frame_bytes;
    }
    if (!whole) {
        return passes_end(s, item, p, q, true, false, err);
    }
    item->type = PMT_SCAN_FRAME;
    item->offset = p;
    item->frame_offset = q;
    item->frame_bytes = item->entry.frame_bytes;
    item->content_bytes = item->entry.content_bytes;
    item->has_label = true;
    s->position = end;
    s->found_any = true;
    return PMT_OK;
}

static int take_label(struct pmt_scan *s, struct pmt_scanned *item,
                      uint64_t p, const uint8_t *bytes, struct pmt_error *err)
{
    uint8_t body[PMT_LABEL_BODY];
    enum pmt_label_state state;

    memcpy(body, bytes + PMT_SKIPPABLE_HEADER, sizeof body);
    state = pmt_label_decode(body, &item->entry);
    item->entry.offset = p;
    if (state == PMT_LABEL_CORRUPT ||
        (state == PMT_LABEL_SOUND &&
         (item->entry.frame_bytes > PMT_FRAME_MAX ||
          item->entry.content_bytes > PMT_CONTENT_MAX))) {
        s->position = p + PMT_LABEL_BYTES;
        return report(s, item, PMT_ERR_CORRUPT, p, false,
                      "label is damaged");
    }
    if (pmt_region_add(&s->region, p, body) < 0) {
        return pmt_error_set_memory(err);
    }
    if (state == PMT_LABEL_LATER) {
        s->position = p + PMT_LABEL_BYTES;
        pmt_region_label_waits(&s->region);
        return PMT_END; /* nothing to report: go on */
    }
    return take_labelled(s, item, p, err);
}

static int take_index(struct pmt_scan *s, struct pmt_scanned *item,
                      uint64_t p, size_t size, struct pmt_error *err)
{
    uint64_t end = p + PMT_SKIPPABLE_HEADER + size;
    const char *why;
    size_t have;
    const uint8_t *bytes;
    int rc;

    bytes = pmt_input_at(s->input, p, PMT_SKIPPABLE_HEADER + size, &have,
                         err);
    if (!bytes) {
        return pmt_scan_no_bytes(s);
    }
    if (have < PMT_SKIPPABLE_HEADER + size) {
        return passes_end(s, item, p, p, false, true, err);
    }
    why = pmt_region_check(&s->region, bytes + PMT_SKIPPABLE_HEADER, size, p);
    if (why) {
        rc = pmt_scan_resume(s, end, p + 1, err);
        return rc < 0 ? rc : report(s, item, PMT_ERR_CORRUPT, p, false, why);
    }
    pmt_region_end(&s->region, end);
    item->type = PMT_SCAN_INDEX;
    item->offset = item->frame_offset = p;
    item->frame_bytes = PMT_SKIPPABLE_HEADER + size;
    s->position = end;
    s->found_any = true;
    return PMT_OK;
}

/* Is all of the frame of `bytes` at `p` in the file, and what are the last 8
 * of them? PMT_END: it passes the end, as was reported. */
static int look_at_end(struct pmt_scan *s, struct pmt_scanned *item,
                       uint64_t p, uint64_t bytes, uint8_t last[8],
                       struct pmt_error *err)
{
    bool seeks = s->input->source.size != PMT_NO_OFFSET;
    bool whole = !seeks || p + bytes <= s->input->source.size;
    /* A pipe is kept for a search from `p`, though not without end. */
    size_t keep = bytes < PMT_FRAME_MAX ? (size_t)bytes : PMT_FRAME_MAX;
    const uint8_t *q;
    size_t have;
    int rc;

    if (!seeks) {
        q = pmt_input_at(s->input, p, keep, &have, err);
        if (!q) {
            return pmt_scan_no_bytes(s);
        }
        whole = have >= keep;
    }
    if (!whole) {
        rc = passes_end(s, item, p, p, false, false, err);
        return rc < 0 ? rc : PMT_END;
    }
    if (!seeks && keep == bytes) {
        memcpy(last, q + bytes - 8, 8);
        return PMT_OK;
    }
    q = pmt_input_at(s->input, p + bytes - 8, 8, &have, err);
    if (!q) {
        return pmt_scan_no_bytes(s);
    }
    if (have < 8) {
        s->position = PMT_NO_OFFSET;
        report(s, item, PMT_ERR_TRUNCATED, p, true,
               "the file ends inside a frame");
        return PMT_END;
    }
    memcpy(last, q, 8);
    return PMT_OK;
}

/* A skippable frame that is neither label nor index. */
static int take_other(struct pmt_scan *s, struct pmt_scanned *item,
                      uint64_t p, size_t size, struct pmt_error *err)
{
    uint64_t end = p + PMT_SKIPPABLE_HEADER + size;
    const char *why = NULL;
    uint8_t first[4] = {0};
    uint8_t last[8];
    size_t have;
    const uint8_t *bytes = pmt_input_at(s->input, p, 12, &have, err);
    int rc;

    if (!bytes) {
        return pmt_scan_no_bytes(s);
    }
    if (size >= sizeof first && have >= 12) {
        memcpy(first, bytes + PMT_SKIPPABLE_HEADER, sizeof first);
    }
    rc = look_at_end(s, item, p, end - p, last, err);
    if (rc != PMT_OK) {
        return rc < 0 ? rc : PMT_OK;
    }
    if (!memcmp(first, "PMTL", sizeof first)) {
        why = "the frame of a label is damaged";
    } else if (size >= sizeof last && !memcmp(last, "PMTINDEX", 8)) {
        why = "the frame of an index is damaged";
    }
    if (why) {
        bool gone = s->input->source.size == PMT_NO_OFFSET &&
                    s->input->start > p;

        /* What was not kept of a pipe can't be searched. */
        rc = pmt_scan_resume(s, end, gone ? end : p + 1, err);
        return rc < 0 ? rc : report(s, item, PMT_ERR_CORRUPT, p, false, why);
    }
    item->type = PMT_SCAN_FOREIGN;
    item->offset = item->frame_offset = p;
    item->frame_bytes = PMT_SKIPPABLE_HEADER + size;
    s->position = end;
    pmt_region_start_at(&s->region, p);
    return PMT_OK;
}

/* One step at s->position. PMT_END: nothing to report yet, or the end. */
static int step(struct pmt_scan *s, struct pmt_scanned *item,
                struct pmt_error *err)
{
    uint64_t p = s->position;
    size_t have, size;
    const uint8_t *bytes = pmt_input_at(s->input, p, PMT_LABEL_BYTES, &have,
                                        err);
    enum pmt_like like;

    if (!bytes) {
        return pmt_scan_no_bytes(s);
    }
    like = pmt_begins_like(bytes, have);
    if (!p && like != PMT_LIKE_END && like != PMT_LIKE_LABEL && like != PMT_LIKE_DATA) {
        like = PMT_LIKE_NOTHING; /* a trace begins with one of these */
    }
    if (!p && like != PMT_LIKE_NOTHING && like != PMT_LIKE_END) {
        s->found_any = true;
    }
    if (like == PMT_LIKE_END) {
        s->position = PMT_NO_OFFSET;
        return PMT_END;
    }
    if (like == PMT_LIKE_NOTHING) {
        pmt_scan_search_later(s, p + 1);
        return report(s, item, PMT_ERR_CORRUPT, p, false,
                      "no frame where one must begin");
    }
    if (like == PMT_LIKE_DATA) {
        return take_unlabelled(s, item, p, err);
    }
    if (have < PMT_SKIPPABLE_HEADER) {
        return passes_end(s, item, p, p, like == PMT_LIKE_LABEL,
                          like == PMT_LIKE_INDEX, err);
    }
    size = pmt_get_u32le(bytes + 4);
    if (like == PMT_LIKE_LABEL && size != PMT_LABEL_BODY) {
        pmt_scan_search_later(s, p + 1);
        return report(s, item, PMT_ERR_CORRUPT, p, false,
                      "label is not of 64 bytes");
    }
    if (like == PMT_LIKE_LABEL && have < PMT_LABEL_BYTES) {
        return passes_end(s, item, p, p, true, false, err);
    }
    if (like == PMT_LIKE_LABEL) {
        return take_label(s, item, p, bytes, err);
    }
    if (like != PMT_LIKE_INDEX) {
        return take_other(s, item, p, size, err);
    }
    if (size < PMT_INDEX_TRAILER || size > PMT_INDEX_BODY_MAX) {
        int rc = pmt_scan_resume(s, p + PMT_SKIPPABLE_HEADER + size, p + 1, err);

        return rc < 0 ? rc : report(s, item, PMT_ERR_CORRUPT, p, false,
                                    "index is of an impossible size");
    }
    return take_index(s, item, p, size, err);
}

/* A search that finds nothing in a file that never was a trace. */
static int found_nothing(struct pmt_scan *s, struct pmt_error *err)
{
    s->position = PMT_NO_OFFSET;
    return s->found_any ? PMT_END
                        : pmt_error_set(err, PMT_ERR_NOT_A_TRACE, 0,
                                        "not a trace");
}

/* Ends a search: the scan stands at a mark, or at the end. */
static int find_mark(struct pmt_scan *s, struct pmt_error *err)
{
    int rc = pmt_scan_search(s, s->search_from, &s->position, err);

    s->searching = false;
    if (rc == PMT_END) {
        return found_nothing(s, err);
    }
    s->found_any = true;
    return rc;
}

int pmt_scan_settle(struct pmt_scan *s, struct pmt_error *err)
{
    int rc = s->searching ? find_mark(s, err) : PMT_OK;

    if (rc < 0) {
        return rc;
    }
    return s->found_any ? PMT_OK : found_nothing(s, err);
}

int pmt_scan_next(struct pmt_scan *s, struct pmt_scanned *item,
                  struct pmt_error *err)
{
    int rc = PMT_END;

    memset(item, 0, sizeof *item);
    while (rc == PMT_END) {
        if (s->searching) {
            rc = find_mark(s, err);
            if (rc != PMT_OK) {
                return rc;
            }
        }
        if (s->position == PMT_NO_OFFSET) {
            return PMT_END;
        }
        rc = step(s, item, err);
    }
    return rc;
}

/* ---- content ------------------------------------------------------------ */

const uint8_t *pmt_scan_frame(struct pmt_scan *s,
                              const struct pmt_scanned *item,
                              struct pmt_error *err)
{
    size_t have;
    const uint8_t *p = pmt_input_at(s->input, item->frame_offset,
                                    item->frame_bytes, &have, err);

    if (p && have < item->frame_bytes) {
        pmt_error_set(err, PMT_ERR_IO, item->offset,
                      "the file became shorter while it was read");
        return NULL;
    }
    return p;
}

/* The checks of a labelled frame before it is decompressed. */
static int check_labelled(struct pmt_scanned *item, const uint8_t *p,
                          struct pmt_error *err)
{
    size_t frame = 0;
    size_t content = 0;
    int rc;

    if (pmt_crc32c(0, p, item->frame_bytes) != item->entry.frame_crc) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, item->frame_offset,
                             "CRC of a frame differs from its label's");
    }
    rc = pmt_frame_measure(p, item->frame_bytes, item->frame_offset, &frame,
                           &content, err);
    if (rc == PMT_END || (rc == PMT_OK && frame != item->frame_bytes)) {
        rc = pmt_error_set(err, PMT_ERR_CORRUPT, item->frame_offset,
                           "frame is not of the length its label says");
    }
    item->content_bytes = content;
    return rc;
}

int pmt_scan_content(struct pmt_scan *s, struct pmt_scanned *item,
                     struct pmt_buffer *content, struct pmt_error *err)
{
    uint64_t next = item->frame_offset + item->frame_bytes;
    const uint8_t *p = pmt_scan_frame(s, item, err);
    int rc;
    int going_on;

    if (!p) {
        return pmt_scan_no_bytes(s);
    }
    rc = item->has_label ? check_labelled(item, p, err) : PMT_OK;
    if (rc == PMT_OK) {
        rc = pmt_decompress(s->decompressor, p, item->frame_bytes,
                            item->frame_offset, item->content_bytes, content,
                            err);
    }
    if (rc == PMT_ERR_CORRUPT || rc == PMT_ERR_LIMIT) {
        pmt_region_damage(&s->region, item->frame_offset);
        going_on = PMT_OK;
        if (item->has_label) {
            going_on = pmt_scan_resume(s, next, item->frame_offset + 1, NULL);
        } else {
            pmt_scan_search_later(s, item->frame_offset + 1);
        }
        return going_on < 0 ? going_on : rc;
    }
    return rc;
}
