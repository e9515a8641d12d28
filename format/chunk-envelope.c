/* chunk-envelope.c - the envelope of a chunk (spec 4.1, 4.2). */
#include "chunk.h"

#include <string.h>

#include "kinds.h"

static int corrupt(const struct pmt_chunk *c, struct pmt_error *err,
                   const char *what)
{
    return pmt_error_set(err, PMT_ERR_CORRUPT, c->offset, "%s", what);
}

#define ENVELOPE_KEYS 16u
/* Keys that must be there: 0 to 5, 7, 9 and 15. */
#define ENVELOPE_MUST 0x82bfu
#define KEY_ORDINAL 8
#define KEY_FEATURES 13
#define KEY_BODY 15

static int take_features(struct pmt_chunk *c, struct pmt_cbor_cursor *in,
                         struct pmt_error *err)
{
    struct pmt_cbor item;
    uint64_t n;
    int rc = pmt_cbor_expect(in, PMT_CBOR_ARRAY, &item, err);

    if (rc < 0) {
        return rc;
    }
    if (!item.value) {
        return corrupt(c, err, "a list of features is empty");
    }
    n = item.value;
    for (uint64_t i = 0; i < n; i++) {
        rc = pmt_cbor_expect(in, PMT_CBOR_UINT, &item, err);
        if (rc < 0) {
            return rc;
        }
        /* More than fit are counted with those that do: one is enough for
         * the chunk to be skipped. */
        if (c->feature_count < sizeof c->features / sizeof *c->features) {
            c->features[c->feature_count++] = item.value;
        }
    }
    return PMT_OK;
}

/* The value of a known key other than the body. */
static int take_field(struct pmt_chunk *c, struct pmt_cbor_cursor *in,
                      uint64_t key, struct pmt_error *err)
{
    struct pmt_envelope *e = &c->envelope;
    struct pmt_cbor v;
    int rc;

    if (key == KEY_FEATURES) {
        return take_features(c, in, err);
    }
    rc = pmt_cbor_expect(in, PMT_CBOR_UINT, &v, err);
    if (rc < 0) {
        return rc;
    }
    switch (key) {
    case 0:
        if (v.value > UINT32_MAX) {
            return corrupt(c, err, "a kind is out of range");
        }
        e->kind = (uint32_t)v.value;
        break;
    case 1:
        e->stream_key = v.value;
        break;
    case 2:
        e->seq = v.value;
        break;
    case 3:
        if (v.value > PMT_CHUNK_RECORDS_MAX) {
            return pmt_error_set(err, PMT_ERR_LIMIT, c->offset,
                                 "chunk claims %llu records",
                                 (unsigned long long)v.value);
        }
        e->count = (uint32_t)v.value;
        break;
    case 4:
        e->t0 = v.value;
        break;
    case 5:
        e->t1 = v.value;
        break;
    case 7:
        e->epoch = (uint32_t)v.value;
        break;
    case KEY_ORDINAL:
        e->ordinal = v.value;
        break;
    case 9:
        e->lost = v.value;
        break;
    case 10:
        e->rss0 = v.value;
        break;
    case 11:
        e->align = v.value > 4 ? 5 : (uint32_t)v.value;
        break;
    default: /* 12 */
        e->model = v.value > 1 ? 2 : (uint32_t)v.value;
        break;
    }
    return PMT_OK;
}

static int check_envelope(struct pmt_chunk *c, uint32_t seen, bool tagged,
                          struct pmt_error *err)
{
    const struct pmt_envelope *e = &c->envelope;
    bool known = e->kind && e->kind < PMT_KIND_KNOWN;

    if ((seen & ENVELOPE_MUST) != ENVELOPE_MUST) {
        return corrupt(c, err, "the envelope lacks a key");
    }
    if (known && pmt_kind_rule(e->kind)->records &&
        !(seen & 1u << KEY_ORDINAL)) {
        return corrupt(c, err, "the envelope lacks the ordinal");
    }
    if (tagged != (e->kind == PMT_KIND_STREAM)) {
        return corrupt(c, err, "tag 55799 where it must not be, or missing");
    }
    if (e->t1 < e->t0) {
        return corrupt(c, err, "the chunk ends before it begins");
    }
    if (e->align > 4 || e->model > 1) {
        return corrupt(c, err, "align or model is out of range");
    }
    if (e->model == 1 && known && e->kind != PMT_KIND_ALLOC) {
        return corrupt(c, err, "addresses of this kind are not predicted");
    }
    return PMT_OK;
}

/* Version of a stream chunk: body key 0. */
static int find_version(struct pmt_chunk *c, uint32_t version[2],
                        struct pmt_error *err)
{
    struct pmt_cbor_cursor in = c->body;

    for (uint64_t i = 0; i < c->body_entries; i++) {
        struct pmt_cbor key, v;
        int rc = pmt_cbor_next(&in, &key, err);

        rc = rc < 0 ? rc : pmt_cbor_skip(&in, &key, err);
        if (rc < 0) {
            return rc;
        }
        if (key.type == PMT_CBOR_UINT && key.value == 0) {
            rc = pmt_cbor_expect(&in, PMT_CBOR_ARRAY, &v, err);
            if (rc == PMT_OK && v.value != 2) {
                rc = corrupt(c, err, "a version is not two numbers");
            }
            for (unsigned k = 0; rc == PMT_OK && k < 2; k++) {
                rc = pmt_cbor_expect(&in, PMT_CBOR_UINT, &v, err);
                version[k] = v.value < UINT32_MAX ? (uint32_t)v.value
                                                  : UINT32_MAX;
            }
            return rc;
        }
        rc = pmt_cbor_next(&in, &v, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&in, &v, err);
        if (rc < 0) {
            return rc;
        }
    }
    return corrupt(c, err, "a stream has no version");
}

/* The map's entries, whose number is `n`. */
static int take_envelope(struct pmt_chunk *c, struct pmt_cbor_cursor *in,
                         uint64_t n, bool tagged, struct pmt_error *err)
{
    uint32_t seen = 0;

    for (uint64_t i = 0; i < n; i++) {
        struct pmt_cbor key, v;
        int rc = pmt_cbor_next(in, &key, err);
        bool known = rc == PMT_OK && key.type == PMT_CBOR_UINT &&
                     key.value < ENVELOPE_KEYS && key.value != 6 &&
                     key.value != 14;

        if (rc < 0) {
            return rc;
        }
        if (known && seen & 1u << key.value) {
            return corrupt(c, err, "a key is there twice");
        }
        if (!known) {
            rc = pmt_cbor_skip(in, &key, err);
        } else {
            seen |= 1u << key.value;
        }
        if (rc == PMT_OK && known && key.value != KEY_BODY) {
            rc = take_field(c, in, key.value, err);
        } else if (rc == PMT_OK) {
            struct pmt_cbor_cursor head = *in;

            rc = pmt_cbor_next(in, &v, err);
            if (rc == PMT_OK && known && v.type != PMT_CBOR_MAP) {
                return corrupt(c, err, "the body is not a map");
            }
            if (rc == PMT_OK && known) {
                c->body_head = head;
                c->body = *in;
                c->body_entries = v.value;
            }
            rc = rc < 0 ? rc : pmt_cbor_skip(in, &v, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    return check_envelope(c, seen, tagged, err);
}

int pmt_chunk_open(struct pmt_chunk *c, const struct pmt_buffer *content,
                   uint64_t offset, uint32_t version[2],
                   struct pmt_error *err)
{
    struct pmt_cbor_cursor in;
    struct pmt_cbor head;
    bool tagged = false;
    int rc;

    memset(&c->envelope, 0, sizeof c->envelope);
    c->offset = offset;
    c->feature_count = 0;
    /* One pass for the form alone: levels, items, lengths, nothing left. */
    pmt_cbor_begin(&in, content->bytes, content->used, offset);
    rc = pmt_cbor_next(&in, &head, err);
    rc = rc < 0 ? rc : pmt_cbor_skip(&in, &head, err);
    if (rc == PMT_OK && in.at != in.end) {
        rc = corrupt(c, err, "bytes are left behind the chunk");
    }
    if (rc < 0) {
        return rc;
    }
    pmt_cbor_begin(&in, content->bytes, content->used, offset);
    rc = pmt_cbor_next(&in, &head, err);
    if (rc == PMT_OK && head.type == PMT_CBOR_TAG && head.value == 55799) {
        tagged = true;
        rc = pmt_cbor_next(&in, &head, err);
    }
    if (rc == PMT_OK && head.type != PMT_CBOR_MAP) {
        rc = corrupt(c, err, "a chunk is not a map");
    }
    rc = rc < 0 ? rc : take_envelope(c, &in, head.value, tagged, err);
    if (rc == PMT_OK && c->envelope.kind == PMT_KIND_STREAM) {
        rc = find_version(c, version, err);
    }
    return rc;
}
