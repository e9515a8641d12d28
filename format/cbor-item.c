/* cbor-item.c - the one file that knows cbor.h. */
#include "cbor-item.h"

#include <cbor.h>
#include <string.h>

#include "utf8.h"

/* ---- libcbor's callbacks: each stores the head it is told of ----------- */

struct sink {
    struct pmt_cbor *item;
    bool refused; /* indefinite length, or a break */
};

static void take(void *context, enum pmt_cbor_type type, uint64_t value)
{
    struct sink *s = context;

    s->item->type = type;
    s->item->value = value;
    s->item->bytes = NULL;
}

static void on_uint8(void *s, uint8_t v)
{
    take(s, PMT_CBOR_UINT, v);
}

static void on_uint16(void *s, uint16_t v)
{
    take(s, PMT_CBOR_UINT, v);
}

static void on_uint32(void *s, uint32_t v)
{
    take(s, PMT_CBOR_UINT, v);
}

static void on_uint64(void *s, uint64_t v)
{
    take(s, PMT_CBOR_UINT, v);
}

static void on_negint8(void *s, uint8_t v)
{
    take(s, PMT_CBOR_NEGINT, v);
}

static void on_negint16(void *s, uint16_t v)
{
    take(s, PMT_CBOR_NEGINT, v);
}

static void on_negint32(void *s, uint32_t v)
{
    take(s, PMT_CBOR_NEGINT, v);
}

static void on_negint64(void *s, uint64_t v)
{
    take(s, PMT_CBOR_NEGINT, v);
}

static void on_bytes(void *s, cbor_data p, size_t n)
{
    take(s, PMT_CBOR_BYTES, n);
    ((struct sink *)s)->item->bytes = p;
}

static void on_text(void *s, cbor_data p, size_t n)
{
    take(s, PMT_CBOR_TEXT, n);
    ((struct sink *)s)->item->bytes = p;
}

static void on_array(void *s, size_t n)
{
    take(s, PMT_CBOR_ARRAY, n);
}

static void on_map(void *s, size_t n)
{
    take(s, PMT_CBOR_MAP, n);
}

static void on_tag(void *s, uint64_t tag)
{
    take(s, PMT_CBOR_TAG, tag);
}

static void on_float(void *s, float v)
{
    (void)v;
    take(s, PMT_CBOR_SIMPLE, 0);
}

static void on_double(void *s, double v)
{
    (void)v;
    take(s, PMT_CBOR_SIMPLE, 0);
}

static void on_bool(void *s, bool v)
{
    take(s, PMT_CBOR_SIMPLE, v);
}

static void on_simple(void *s)
{
    take(s, PMT_CBOR_SIMPLE, 0);
}

static void on_refused(void *s)
{
    ((struct sink *)s)->refused = true;
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string_start = on_refused,
    .byte_string = on_bytes,
    .string = on_text,
    .string_start = on_refused,
    .indef_array_start = on_refused,
    .array_start = on_array,
    .indef_map_start = on_refused,
    .map_start = on_map,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_simple,
    .null = on_simple,
    .boolean = on_bool,
    .indef_break = on_refused,
};

/* ---- reading ------------------------------------------------------------ */

void pmt_cbor_begin(struct pmt_cbor_cursor *c, const void *bytes, size_t n,
                    uint64_t offset)
{
    c->at = bytes;
    c->end = c->at + n;
    c->items_left = PMT_CBOR_ITEMS_MAX;
    c->offset = offset;
}

static int bad(struct pmt_cbor_cursor *c, struct pmt_error *err,
               const char *what)
{
    return pmt_error_set(err, PMT_ERR_CORRUPT, c->offset, "%s", what);
}

#define TEXT_MAX 65536u /* spec 10 */

static int text_too_long(struct pmt_cbor_cursor *c, struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_LIMIT, c->offset,
                         "a text is over the limit of %u bytes", TEXT_MAX);
}

int pmt_cbor_next(struct pmt_cbor_cursor *c, struct pmt_cbor *item,
                  struct pmt_error *err)
{
    struct sink sink = {item, false};
    struct cbor_decoder_result r = {0};
    size_t left = (size_t)(c->end - c->at);

    if (!c->items_left) {
        return pmt_error_set(err, PMT_ERR_LIMIT, c->offset,
                             "chunk has over %u items", PMT_CBOR_ITEMS_MAX);
    }
    c->items_left--;
    if (!left) {
        return bad(c, err, "chunk is cut off inside its content");
    }
    if (*c->at >= 0xc6 && *c->at <= 0xd4) {
        /* Tags 6 to 20, one byte each: libcbor 0.8 does not know them. */
        take(&sink, PMT_CBOR_TAG, *c->at - 0xc0u);
        r.status = CBOR_DECODER_FINISHED;
        r.read = 1;
    } else {
        r = cbor_stream_decode(c->at, left, &callbacks, &sink);
    }
    if (r.status != CBOR_DECODER_FINISHED) {
        return bad(c, err, "content is not well-formed CBOR");
    }
    if (sink.refused) {
        return bad(c, err, "content has an item of indefinite length");
    }
    c->at += r.read;
    left -= r.read;
    if (item->type == PMT_CBOR_TEXT && item->value > TEXT_MAX) {
        return text_too_long(c, err);
    }
    if (item->type == PMT_CBOR_TEXT &&
        !pmt_utf8_valid((const char *)item->bytes, item->value)) {
        return bad(c, err, "a text string is not UTF-8");
    }
    /* Every item needs a byte at least, so a count is bounded by them. */
    if ((item->type == PMT_CBOR_ARRAY && item->value > left) ||
        (item->type == PMT_CBOR_MAP && item->value > left / 2)) {
        return bad(c, err, "content claims more items than it has bytes");
    }
    return PMT_OK;
}

int pmt_cbor_expect(struct pmt_cbor_cursor *c, enum pmt_cbor_type type,
                    struct pmt_cbor *item, struct pmt_error *err)
{
    int rc = pmt_cbor_next(c, item, err);

    if (rc < 0) {
        return rc;
    }
    return item->type == type ? PMT_OK
                              : bad(c, err, "an item is of the wrong type");
}

int pmt_cbor_text(struct pmt_cbor_cursor *c, struct pmt_cbor *item,
                  struct pmt_error *err)
{
    int rc = pmt_cbor_next(c, item, err);

    if (rc < 0) {
        return rc;
    }
    if (item->type != PMT_CBOR_TEXT && item->type != PMT_CBOR_BYTES) {
        return bad(c, err, "an item that should be a text is not");
    }
    if (item->value > TEXT_MAX) {
        return text_too_long(c, err);
    }
    return PMT_OK;
}

int pmt_cbor_skip(struct pmt_cbor_cursor *c, const struct pmt_cbor *head,
                  struct pmt_error *err)
{
    /* left[d]: items still to come at level d. */
    uint64_t left[PMT_CBOR_DEPTH_MAX + 1];
    struct pmt_cbor item = *head;
    int d = 0;

    for (;;) {
        int rc;
        bool holds = item.type == PMT_CBOR_ARRAY ||
                     item.type == PMT_CBOR_MAP || item.type == PMT_CBOR_TAG;

        if (holds) {
            if (d >= PMT_CBOR_DEPTH_MAX) {
                return pmt_error_set(err, PMT_ERR_LIMIT, c->offset,
                                     "content is nested over %d levels",
                                     PMT_CBOR_DEPTH_MAX);
            }
            left[++d] = item.type == PMT_CBOR_ARRAY ? item.value
                        : item.type == PMT_CBOR_MAP ? item.value * 2
                                                    : 1;
        }
        while (d && !left[d]) {
            d--;
        }
        if (!d) {
            return PMT_OK;
        }
        left[d]--;
        rc = pmt_cbor_next(c, &item, err);
        if (rc < 0) {
            return rc;
        }
    }
}

/* ---- writing ------------------------------------------------------------ */

typedef size_t encoder(size_t n, unsigned char *p, size_t room);

static int put_head(struct pmt_buffer *b, encoder *encode, size_t n)
{
    if (pmt_buffer_reserve(b, PMT_CBOR_HEAD_MAX) < 0) {
        return PMT_ERR_MEMORY;
    }
    b->used += encode(n, b->bytes + b->used, PMT_CBOR_HEAD_MAX);
    return PMT_OK;
}

int pmt_cbor_put_uint(struct pmt_buffer *b, uint64_t v)
{
    return put_head(b, cbor_encode_uint, v);
}

int pmt_cbor_put_int(struct pmt_buffer *b, int64_t v)
{
    return v < 0 ? put_head(b, cbor_encode_negint, (uint64_t)(-(v + 1)))
                 : pmt_cbor_put_uint(b, (uint64_t)v);
}

size_t pmt_cbor_bytes_head(uint8_t head[PMT_CBOR_HEAD_MAX], size_t n)
{
    return cbor_encode_bytestring_start(n, head, PMT_CBOR_HEAD_MAX);
}

int pmt_cbor_put_bytes(struct pmt_buffer *b, const void *p, size_t n)
{
    int rc = put_head(b, cbor_encode_bytestring_start, n);

    return rc < 0 ? rc : pmt_buffer_append(b, p, n);
}

int pmt_cbor_put_text(struct pmt_buffer *b, const char *p, size_t n)
{
    int rc;

    if (!pmt_utf8_valid(p, n)) {
        return pmt_cbor_put_bytes(b, p, n);
    }
    rc = put_head(b, cbor_encode_string_start, n);
    return rc < 0 ? rc : pmt_buffer_append(b, p, n);
}

int pmt_cbor_put_array(struct pmt_buffer *b, size_t n)
{
    return put_head(b, cbor_encode_array_start, n);
}

int pmt_cbor_put_map(struct pmt_buffer *b, size_t n)
{
    return put_head(b, cbor_encode_map_start, n);
}

int pmt_cbor_put_tag(struct pmt_buffer *b, uint64_t tag)
{
    return put_head(b, cbor_encode_tag, tag);
}
