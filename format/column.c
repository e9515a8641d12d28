/* column.c - codecs of columns. */
#include "column.h"

#include <string.h>

#include "bytes.h"

/* Tags of RFC 8746 section 2.1 for unsigned little-endian arrays. */
static uint32_t typed_array_width(uint64_t tag)
{
    return tag == 64 ? 1 : tag == 69 ? 2 : tag == 70 ? 4 : tag == 71 ? 8 : 0;
}

static int not_a_column(struct pmt_cbor_cursor *c, struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_CORRUPT, c->offset,
                         "a column is in no codec");
}

/* [3, bytes], [4, bytes], or [n >= 5, ...] of a later version. */
static int parse_array(struct pmt_cbor_cursor *c, const struct pmt_cbor *head,
                       struct pmt_column_view *view, struct pmt_error *err)
{
    struct pmt_cbor item;
    int rc = head->value ? pmt_cbor_expect(c, PMT_CBOR_UINT, &item, err)
                         : not_a_column(c, err);

    if (rc < 0) {
        return rc;
    }
    if (item.value >= PMT_CODEC_LATER) {
        view->codec = PMT_CODEC_LATER;
        for (uint64_t i = 1; rc == PMT_OK && i < head->value; i++) {
            rc = pmt_cbor_next(c, &item, err);
            rc = rc < 0 ? rc : pmt_cbor_skip(c, &item, err);
        }
        return rc;
    }
    if (item.value < PMT_CODEC_PLANES || head->value != 2) {
        return not_a_column(c, err);
    }
    view->codec = (enum pmt_codec)item.value;
    rc = pmt_cbor_expect(c, PMT_CBOR_BYTES, &item, err);
    view->bytes = item.bytes;
    view->length = item.value;
    return rc;
}

int pmt_column_parse(struct pmt_cbor_cursor *c, const struct pmt_cbor *head,
                     struct pmt_column_view *view, struct pmt_error *err)
{
    struct pmt_cbor inner;
    int rc;

    if (head->type == PMT_CBOR_UINT) {
        view->codec = PMT_CODEC_CONSTANT;
        view->constant = head->value;
        return PMT_OK;
    }
    if (head->type == PMT_CBOR_BYTES) {
        view->codec = PMT_CODEC_ULEB;
        view->bytes = head->bytes;
        view->length = head->value;
        return PMT_OK;
    }
    if (head->type == PMT_CBOR_ARRAY) {
        return parse_array(c, head, view, err);
    }
    if (head->type != PMT_CBOR_TAG || !typed_array_width(head->value)) {
        return not_a_column(c, err);
    }
    rc = pmt_cbor_expect(c, PMT_CBOR_BYTES, &inner, err);
    view->codec = PMT_CODEC_FIXED;
    view->width = typed_array_width(head->value);
    view->bytes = inner.bytes;
    view->length = inner.value;
    return rc;
}

/* ---- decoding ----------------------------------------------------------- */

static int decode_uleb(const struct pmt_column_view *view, size_t rows,
                       uint64_t *out)
{
    const uint8_t *p = view->bytes;
    const uint8_t *end = p + view->length;
    size_t i = 0;

    /* Most values are one byte: take those without the general loop while
     * the longest value could not run over the end. */
    while (i < rows && end - p >= PMT_ULEB_MAX) {
        uint64_t b = *p;

        if (b < 0x80) {
            out[i++] = b;
            p++;
        } else if (p[1] < 0x80) {
            out[i++] = (b & 0x7f) | (uint64_t)p[1] << 7;
            p += 2;
        } else {
            p = pmt_get_uleb(p, end, &out[i++]);
            if (!p) {
                return -1;
            }
        }
    }
    while (i < rows) {
        p = pmt_get_uleb(p, end, &out[i++]);
        if (!p) {
            return -1;
        }
    }
    return p == end ? 0 : -1;
}

static int decode_fixed(const struct pmt_column_view *view, size_t rows,
                        uint64_t *out)
{
    const uint8_t *p = view->bytes;

    if (view->length != rows * view->width) {
        return -1;
    }
    if (view->width == 1) {
        for (size_t i = 0; i < rows; i++) {
            out[i] = p[i];
        }
        return 0;
    }
    for (size_t i = 0; i < rows; i++, p += view->width) {
        out[i] = pmt_get_le(p, view->width);
    }
    return 0;
}

static int decode_planes(const struct pmt_column_view *view, size_t rows,
                         uint64_t *out)
{
    size_t width = rows ? view->length / rows : 0;
    const uint8_t *p = view->bytes;

    if (rows == 0) {
        return view->length ? -1 : 0;
    }
    if (width < 1 || width > 8 || view->length != width * rows) {
        return -1;
    }
    if (width == 2) {
        for (size_t i = 0; i < rows; i++) {
            out[i] = (uint64_t)p[i] | (uint64_t)p[rows + i] << 8;
        }
        return 0;
    }
    if (width == 3) {
        for (size_t i = 0; i < rows; i++) {
            out[i] = (uint64_t)p[i] | (uint64_t)p[rows + i] << 8 |
                     (uint64_t)p[2 * rows + i] << 16;
        }
        return 0;
    }
    for (size_t i = 0; i < rows; i++) {
        out[i] = p[i];
    }
    for (size_t j = 1; j < width; j++) {
        p += rows;
        for (size_t i = 0; i < rows; i++) {
            out[i] |= (uint64_t)p[i] << (8 * j);
        }
    }
    return 0;
}

static int decode_runs(const struct pmt_column_view *view, size_t rows,
                       uint64_t *out)
{
    const uint8_t *p = view->bytes;
    const uint8_t *end = p + view->length;
    size_t i = 0;

    while (p < end) {
        uint64_t more, value;

        p = pmt_get_uleb(p, end, &more);
        p = p ? pmt_get_uleb(p, end, &value) : NULL;
        if (!p || i == rows || more > rows - i - 1) {
            return -1;
        }
        for (uint64_t k = 0; k <= more; k++) {
            out[i++] = value;
        }
    }
    return i == rows ? 0 : -1;
}

int pmt_column_decode(const struct pmt_column_view *view, size_t rows,
                      uint64_t *out, uint64_t offset, struct pmt_error *err)
{
    int bad = 0;

    switch (view->codec) {
    case PMT_CODEC_CONSTANT:
        for (size_t i = 0; i < rows; i++) {
            out[i] = view->constant;
        }
        break;
    case PMT_CODEC_ULEB:
        bad = decode_uleb(view, rows, out);
        break;
    case PMT_CODEC_FIXED:
        bad = decode_fixed(view, rows, out);
        break;
    case PMT_CODEC_PLANES:
        bad = decode_planes(view, rows, out);
        break;
    case PMT_CODEC_RUNS:
        bad = decode_runs(view, rows, out);
        break;
    case PMT_CODEC_LATER:
    default:
        return pmt_error_set(err, PMT_ERR_UNSUPPORTED, offset,
                             "column %u has an unknown codec", view->id);
    }
    return bad ? pmt_error_set(err, PMT_ERR_CORRUPT, offset,
                               "column %u does not hold %zu values",
                               view->id, rows)
               : PMT_OK;
}

void pmt_column_undelta(uint64_t *values, size_t rows, uint64_t base)
{
    for (size_t i = 0; i < rows; i++) {
        base += values[i];
        values[i] = base;
    }
}

void pmt_column_unzigzag(uint64_t *values, size_t rows, uint64_t base)
{
    for (size_t i = 0; i < rows; i++) {
        base += pmt_unzigzag(values[i]);
        values[i] = base;
    }
}

/* ---- encoding ----------------------------------------------------------- */

/* Puts the head of a byte string before the `length` bytes that were written
 * at `start`, past the end of which there is room for PMT_CBOR_HEAD_MAX. */
static int close_string(struct pmt_buffer *b, size_t start, size_t length)
{
    uint8_t head[PMT_CBOR_HEAD_MAX];
    size_t n = pmt_cbor_bytes_head(head, length);

    memmove(b->bytes + start + n, b->bytes + start, length);
    memcpy(b->bytes + start, head, n);
    b->used = start + n + length;
    return PMT_OK;
}

static int put_uleb(struct pmt_buffer *b, const uint64_t *values, size_t rows)
{
    size_t start = b->used;
    uint8_t *p;

    if (pmt_buffer_reserve(b, rows * PMT_ULEB_MAX + PMT_CBOR_HEAD_MAX) < 0) {
        return PMT_ERR_MEMORY;
    }
    p = b->bytes + start;
    for (size_t i = 0; i < rows; i++) {
        p = pmt_put_uleb(p, values[i]);
    }
    return close_string(b, start, (size_t)(p - b->bytes) - start);
}

static int put_runs(struct pmt_buffer *b, const uint64_t *values, size_t rows)
{
    size_t start = b->used;
    uint8_t *p;

    if (pmt_buffer_reserve(b, rows * (PMT_ULEB_MAX + 3) + PMT_CBOR_HEAD_MAX) < 0) {
        return PMT_ERR_MEMORY;
    }
    p = b->bytes + start;
    for (size_t i = 0; i < rows;) {
        size_t n = 1;

        while (i + n < rows && values[i + n] == values[i]) {
            n++;
        }
        p = pmt_put_uleb(p, n - 1);
        p = pmt_put_uleb(p, values[i]);
        i += n;
    }
    return close_string(b, start, (size_t)(p - b->bytes) - start);
}

/* Two and three planes are what ids and distances mostly take. */
static void split(uint8_t *p, const uint64_t *values, size_t rows,
                  unsigned width)
{
    if (width == 2 || width == 3) {
        uint8_t *last = p + (width - 1) * rows;

        for (size_t i = 0; i < rows; i++) {
            uint64_t v = values[i];

            p[i] = (uint8_t)v;
            p[rows + i] = (uint8_t)(v >> 8);
            last[i] = (uint8_t)(v >> (8 * (width - 1)));
        }
        return;
    }
    for (unsigned j = 0; j < width; j++, p += rows) {
        for (size_t i = 0; i < rows; i++) {
            p[i] = (uint8_t)(values[i] >> (8 * j));
        }
    }
}

static int put_planes(struct pmt_buffer *b, const uint64_t *values,
                      size_t rows, unsigned width)
{
    size_t n = rows * width;

    if (pmt_buffer_reserve(b, n + PMT_CBOR_HEAD_MAX) < 0) {
        return PMT_ERR_MEMORY;
    }
    b->used += pmt_cbor_bytes_head(b->bytes + b->used, n);
    split(b->bytes + b->used, values, rows, width);
    b->used += n;
    return PMT_OK;
}

int pmt_column_put_bytes(struct pmt_buffer *b, uint32_t id,
                         const uint8_t *values, size_t rows)
{
    int rc;

    if (!rows) {
        return 0;
    }
    rc = pmt_cbor_put_uint(b, id);
    if (rc == PMT_OK && !memcmp(values, values + 1, rows - 1)) {
        rc = pmt_cbor_put_uint(b, values[0]);
    } else if (rc == PMT_OK) {
        rc = pmt_cbor_put_tag(b, 64);
        rc = rc < 0 ? rc : pmt_cbor_put_bytes(b, values, rows);
    }
    return rc < 0 ? rc : 1;
}

int pmt_column_put(struct pmt_buffer *b, uint32_t id, const uint64_t *values,
                   size_t rows, enum pmt_codec codec, int may_be_absent)
{
    uint64_t all = 0;
    uint64_t differ = 0;
    unsigned width = 1;
    int rc;

    if (!rows) {
        return 0;
    }
    for (size_t i = 0; i < rows; i++) {
        all |= values[i];
        differ |= values[i] ^ values[0];
    }
    if (!all && may_be_absent) {
        return 0;
    }
    while (width < 8 && all >> (8 * width)) {
        width++;
    }
    rc = pmt_cbor_put_uint(b, id);
    if (rc == PMT_OK && !differ) {
        rc = pmt_cbor_put_uint(b, values[0]);
    } else if (rc == PMT_OK && codec == PMT_CODEC_FIXED) {
        rc = pmt_cbor_put_tag(b, 64);
        rc = rc < 0 ? rc : put_planes(b, values, rows, 1);
    } else if (rc == PMT_OK && codec == PMT_CODEC_ULEB) {
        rc = put_uleb(b, values, rows);
    } else if (rc == PMT_OK) {
        rc = pmt_cbor_put_array(b, 2);
        rc = rc < 0 ? rc : pmt_cbor_put_uint(b, codec);
        if (rc == PMT_OK) {
            rc = codec == PMT_CODEC_RUNS ? put_runs(b, values, rows)
                                         : put_planes(b, values, rows, width);
        }
    }
    return rc < 0 ? rc : 1;
}
