/* encode-stream.c - the bodies that open and close a stream (spec 5.1, 5.2). */
#include "encode.h"

#include <string.h>

static const uint8_t no_uuid[16];

/* ---- small pieces ------------------------------------------------------- */

static int put_text(struct pmt_buffer *b, const char *s)
{
    size_t n = strlen(s);

    return pmt_cbor_put_text(b, s, n < PMT_TEXT_MAX ? n : PMT_TEXT_MAX);
}

static int put_uint_pair(struct pmt_buffer *b, uint64_t key, uint64_t value)
{
    int rc = pmt_cbor_put_uint(b, key);

    return rc < 0 ? rc : pmt_cbor_put_uint(b, value);
}

static int put_text_pair(struct pmt_buffer *b, uint64_t key, const char *s)
{
    int rc = s ? pmt_cbor_put_uint(b, key) : PMT_OK;

    return rc < 0 || !s ? rc : put_text(b, s);
}

static int put_texts_pair(struct pmt_buffer *b, uint64_t key,
                          const char *const *texts, size_t n)
{
    int rc = pmt_cbor_put_uint(b, key);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, n);
    for (size_t i = 0; rc == PMT_OK && i < n; i++) {
        rc = put_text(b, texts[i]);
    }
    return rc;
}

static int put_id_pair(struct pmt_buffer *b, uint64_t key, const uint8_t *id)
{
    int rc = pmt_cbor_put_uint(b, key);

    return rc < 0 ? rc : pmt_cbor_put_bytes(b, id, 16);
}

/* ---- the parts of a stream header --------------------------------------- */

static int put_clock(struct pmt_buffer *b, const struct pmt_stream_info *info)
{
    int rc = pmt_cbor_put_uint(b, 2);

    rc = rc < 0 ? rc : pmt_cbor_put_map(b, info->rss_unit ? 3 : 2);
    rc = rc < 0 ? rc : put_uint_pair(b, 0, info->clock);
    rc = rc < 0 ? rc : put_uint_pair(b, 1, info->tick_ns);
    if (rc == PMT_OK && info->rss_unit) {
        rc = put_uint_pair(b, 2, info->rss_unit);
    }
    return rc;
}

static int put_process(struct pmt_buffer *b,
                       const struct pmt_stream_info *info)
{
    const char *texts[] = {info->executable, info->python, info->host,
                           info->system};
    size_t n = 2 + (info->argv != NULL);
    int rc;

    for (size_t i = 0; i < 4; i++) {
        n += texts[i] != NULL;
    }
    rc = pmt_cbor_put_uint(b, 3);
    rc = rc < 0 ? rc : pmt_cbor_put_map(b, n);
    rc = rc < 0 ? rc : put_uint_pair(b, 0, info->pid);
    rc = rc < 0 ? rc : put_uint_pair(b, 1, info->ppid);
    if (rc == PMT_OK && info->argv) {
        rc = put_texts_pair(b, 2, info->argv, info->argc);
    }
    for (unsigned i = 0; rc == PMT_OK && i < 4; i++) {
        rc = put_text_pair(b, 3 + i, texts[i]);
    }
    return rc;
}

static int put_settings(struct pmt_buffer *b,
                        const struct pmt_stream_info *info)
{
    int rc = pmt_cbor_put_uint(b, 6);

    rc = rc < 0 ? rc : pmt_cbor_put_map(b, info->setting_count);
    for (size_t i = 0; rc == PMT_OK && i < 2 * info->setting_count; i++) {
        rc = put_text(b, info->settings[i]);
    }
    return rc;
}

static int put_start(struct pmt_buffer *b, const struct pmt_stream_info *info)
{
    int rc = pmt_cbor_put_uint(b, 10);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, 3);
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, info->start_mono_ns);
    rc = rc < 0 ? rc : pmt_cbor_put_int(b, info->start_real_ns);
    return rc < 0 ? rc : pmt_cbor_put_uint(b, info->start_uncertainty_ns);
}

int pmt_encode_stream(struct pmt_body *body,
                      const struct pmt_stream_info *info)
{
    struct pmt_buffer *b = &body->bytes;
    bool boot = memcmp(info->boot_id, no_uuid, 16) != 0;
    bool session = memcmp(info->session_uuid, no_uuid, 16) != 0;
    bool parent = memcmp(info->parent_uuid, no_uuid, 16) != 0;
    int rc = pmt_cbor_put_uint(b, 0);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, 2);
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, 1); /* version 1.0 */
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, 0);
    rc = rc < 0 ? rc : put_text_pair(b, 1, info->producer ? info->producer
                                                          : "libpmt");
    rc = rc < 0 ? rc : put_clock(b, info);
    rc = rc < 0 ? rc : put_process(b, info);
    rc = rc < 0 || !boot ? rc : put_id_pair(b, 4, info->boot_id);
    if (rc == PMT_OK && info->hooks) {
        rc = put_texts_pair(b, 5, info->hooks, info->hook_count);
    }
    if (rc == PMT_OK && info->settings) {
        rc = put_settings(b, info);
    }
    rc = rc < 0 || !session ? rc : put_id_pair(b, 7, info->session_uuid);
    rc = rc < 0 || !parent ? rc : put_id_pair(b, 8, info->parent_uuid);
    rc = rc < 0 ? rc : put_id_pair(b, 9, info->uuid);
    rc = rc < 0 ? rc : put_start(b, info);
    body->entries = 6u + boot + (info->hooks != NULL) +
                    (info->settings != NULL) + session + parent;
    return rc;
}

int pmt_encode_part(struct pmt_body *body, uint32_t part,
                    const uint64_t before[PMT_KIND_KNOWN])
{
    struct pmt_buffer *b = &body->bytes;
    size_t kinds = 0;
    int rc;

    if (!part) {
        return PMT_OK;
    }
    for (unsigned kind = 0; kind < PMT_KIND_KNOWN; kind++) {
        kinds += before[kind] != 0;
    }
    rc = put_uint_pair(b, 11, part);
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, 12);
    rc = rc < 0 ? rc : pmt_cbor_put_map(b, kinds);
    for (unsigned kind = 0; rc == PMT_OK && kind < PMT_KIND_KNOWN; kind++) {
        if (before[kind]) {
            rc = put_uint_pair(b, kind, before[kind]);
        }
    }
    body->entries += 2;
    return rc;
}

int pmt_encode_end(struct pmt_body *body, uint64_t chunks, uint64_t records,
                   uint64_t lost, enum pmt_end_how how)
{
    const uint64_t values[] = {chunks, records, lost, how};
    int rc = PMT_OK;

    for (unsigned i = 0; rc == PMT_OK && i < 4; i++) {
        rc = put_uint_pair(&body->bytes, i, values[i]);
    }
    body->entries = 4;
    return rc;
}
