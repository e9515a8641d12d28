/* stream-parse.c - the header of a stream (spec 5.1). */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "cbor-item.h"

struct parse {
    struct pmt_stream *stream;
    struct pmt_cbor_cursor *in;
    struct pmt_error *err;
    /* argv, hooks and settings: one array, offsets into it. */
    struct pmt_text *texts;
    size_t count, room;
    size_t argv_at, hooks_at, settings_at, filter_at;
    bool has_argv, has_hooks, has_settings, has_filter;
};

static int corrupt(struct parse *p, const char *what)
{
    return pmt_error_set(p->err, PMT_ERR_CORRUPT, p->in->offset, "%s", what);
}

static int take_uint(struct parse *p, uint64_t *out)
{
    struct pmt_cbor v;
    int rc = pmt_cbor_expect(p->in, PMT_CBOR_UINT, &v, p->err);

    *out = rc < 0 ? 0 : v.value;
    return rc;
}

static int take_text(struct parse *p, struct pmt_text *out)
{
    struct pmt_cbor v;
    int rc = pmt_cbor_text(p->in, &v, p->err);

    if (rc == PMT_OK) {
        out->bytes = (const char *)v.bytes;
        out->length = (uint32_t)v.value;
    }
    return rc;
}

static int take_id(struct parse *p, uint8_t id[16])
{
    struct pmt_cbor v;
    int rc = pmt_cbor_expect(p->in, PMT_CBOR_BYTES, &v, p->err);

    if (rc == PMT_OK && v.value != 16) {
        return corrupt(p, "an id is not 16 bytes");
    }
    if (rc == PMT_OK) {
        memcpy(id, v.bytes, 16);
    }
    return rc;
}

static int take_archive_key(struct parse *p, uint64_t key)
{
    struct pmt_archive_note *a = &p->stream->header.archive;
    struct pmt_cbor v;
    int rc = pmt_cbor_expect(p->in, key ? PMT_CBOR_UINT : PMT_CBOR_BYTES, &v,
                             p->err);

    if (rc < 0) {
        return rc;
    }
    if (key == 2) {
        a->split = v.value;
    } else if (key) {
        a->chunk_records = v.value;
    } else if (v.value != sizeof a->digest) {
        return corrupt(p, "a digest is not 32 bytes");
    } else {
        memcpy(a->digest, v.bytes, sizeof a->digest);
    }
    return PMT_OK;
}

/* Appends `n` texts. */
static int take_texts(struct parse *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        int rc;

        if (p->count == p->room) {
            size_t room = p->room ? p->room * 2 : 32;
            void *q = realloc(p->texts, room * sizeof *p->texts);

            if (!q) {
                return pmt_error_set(p->err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                     "out of memory");
            }
            p->texts = q;
            p->room = room;
        }
        rc = take_text(p, &p->texts[p->count]);
        if (rc < 0) {
            return rc;
        }
        p->count++;
    }
    return PMT_OK;
}

static int take_list(struct parse *p, enum pmt_cbor_type type, size_t *at,
                     size_t *count, bool *has)
{
    struct pmt_cbor v;
    int rc = pmt_cbor_expect(p->in, type, &v, p->err);

    if (rc < 0) {
        return rc;
    }
    *at = p->count;
    *count = (size_t)v.value;
    *has = true;
    return take_texts(p, type == PMT_CBOR_MAP ? 2 * v.value : v.value);
}

static int by_text(const void *a, const void *b)
{
    const struct pmt_text *x = a;
    const struct pmt_text *y = b;

    if (x->length != y->length) {
        return x->length < y->length ? -1 : 1;
    }
    return memcmp(x->bytes, y->bytes, x->length);
}

/* Text keys of a map: none may be there twice. */
static int check_settings(struct parse *p, size_t pairs)
{
    struct pmt_text *names = malloc((pairs + 1) * sizeof *names);
    bool twice = false;

    if (!names) {
        return pmt_error_set_memory(p->err);
    }
    for (size_t i = 0; i < pairs; i++) {
        names[i] = p->texts[p->settings_at + 2 * i];
    }
    qsort(names, pairs, sizeof *names, by_text);
    for (size_t i = 1; i < pairs; i++) {
        twice = twice || !by_text(&names[i - 1], &names[i]);
    }
    free(names);
    return twice ? corrupt(p, "a setting is there twice") : PMT_OK;
}

typedef int field_taker(struct parse *p, uint64_t key);

/* A map with unsigned keys below 32; `take` is asked for those in `known`. */
static int take_map(struct parse *p, uint32_t known, uint32_t must,
                    field_taker *take)
{
    struct pmt_cbor v;
    uint32_t seen = 0;
    uint64_t n;
    int rc = pmt_cbor_expect(p->in, PMT_CBOR_MAP, &v, p->err);

    n = rc < 0 ? 0 : v.value;
    for (uint64_t i = 0; rc == PMT_OK && i < n; i++) {
        rc = pmt_cbor_next(p->in, &v, p->err);
        if (rc == PMT_OK && v.type == PMT_CBOR_UINT && v.value < 32 &&
            known >> v.value & 1) {
            if (seen >> v.value & 1) {
                return corrupt(p, "a key is there twice");
            }
            seen |= 1u << v.value;
            rc = take(p, v.value);
            continue;
        }
        rc = rc < 0 ? rc : pmt_cbor_skip(p->in, &v, p->err);
        rc = rc < 0 ? rc : pmt_cbor_next(p->in, &v, p->err);
        rc = rc < 0 ? rc : pmt_cbor_skip(p->in, &v, p->err);
    }
    if (rc == PMT_OK && (seen & must) != must) {
        return corrupt(p, "a key of a stream's header is missing");
    }
    return rc;
}

static int take_clock_field(struct parse *p, uint64_t key)
{
    struct pmt_stream_header *h = &p->stream->header;
    uint64_t v;
    int rc = take_uint(p, &v);

    if (rc < 0) {
        return rc;
    }
    if (key == 0) {
        h->clock = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
    } else if (key == 1) {
        if (!v || v > 1000000000) {
            return corrupt(p, "tick_ns is out of range");
        }
        h->tick_ns = (uint32_t)v;
    } else {
        if (!v) {
            return corrupt(p, "rss_unit is 0");
        }
        h->rss_unit = v;
        h->has_rss_unit = true;
    }
    return PMT_OK;
}

static int take_process_field(struct parse *p, uint64_t key)
{
    struct pmt_stream_header *h = &p->stream->header;

    switch (key) {
    case 0:
        h->has_pid = true;
        return take_uint(p, &h->pid);
    case 1:
        h->has_ppid = true;
        return take_uint(p, &h->ppid);
    case 2:
        return take_list(p, PMT_CBOR_ARRAY, &p->argv_at, &h->argc,
                         &p->has_argv);
    case 3:
        return take_text(p, &h->executable);
    case 4:
        return take_text(p, &h->python);
    case 5:
        return take_text(p, &h->host);
    default:
        return take_text(p, &h->system);
    }
}

static int take_start(struct parse *p)
{
    struct pmt_stream_header *h = &p->stream->header;
    struct pmt_cbor v;
    int rc = pmt_cbor_expect(p->in, PMT_CBOR_ARRAY, &v, p->err);

    if (rc == PMT_OK && v.value != 3) {
        return corrupt(p, "the start of a stream is not three numbers");
    }
    rc = rc < 0 ? rc : take_uint(p, &h->start_mono_ns);
    rc = rc < 0 ? rc : pmt_cbor_next(p->in, &v, p->err);
    if (rc < 0) {
        return rc;
    }
    if ((v.type != PMT_CBOR_UINT && v.type != PMT_CBOR_NEGINT) ||
        v.value > INT64_MAX) {
        return corrupt(p, "the start of a stream is no time");
    }
    h->start_real_ns = v.type == PMT_CBOR_UINT ? (int64_t)v.value
                                               : -1 - (int64_t)v.value;
    return take_uint(p, &h->start_uncertainty_ns);
}

static int take_part(struct parse *p)
{
    uint64_t v;
    int rc = take_uint(p, &v);

    if (rc == PMT_OK && v > UINT32_MAX) {
        return corrupt(p, "the part of a stream is out of range");
    }
    p->stream->header.part = rc == PMT_OK ? (uint32_t)v : 0;
    return rc;
}

static int take_before_kind(struct parse *p, uint64_t kind)
{
    p->stream->header.before_kinds |= UINT64_C(1) << kind;
    return take_uint(p, &p->stream->header.before[kind]);
}

static int take_before(struct parse *p)
{
    const uint32_t kinds = (1u << PMT_KIND_END) - (1u << PMT_KIND_CALL) +
                           (1u << PMT_KIND_PROCESS);

    p->stream->header.has_before = true;
    return take_map(p, kinds, 0, take_before_kind);
}

static int take_version(struct parse *p)
{
    struct pmt_stream_header *h = &p->stream->header;
    struct pmt_cbor v;
    uint64_t major = 0;
    uint64_t minor = 0;
    int rc = pmt_cbor_expect(p->in, PMT_CBOR_ARRAY, &v, p->err);

    /* pmt_chunk_open has seen that it is two numbers. */
    rc = rc < 0 ? rc : take_uint(p, &major);
    rc = rc < 0 ? rc : take_uint(p, &minor);
    h->major = (uint32_t)major;
    h->minor = minor < UINT32_MAX ? (uint32_t)minor : UINT32_MAX;
    return rc;
}

static int take_field(struct parse *p, uint64_t key)
{
    struct pmt_stream_header *h = &p->stream->header;
    int rc;

    switch (key) {
    case 0:
        return take_version(p);
    case 1:
        return take_text(p, &h->producer);
    case 2:
        return take_map(p, 7, 3, take_clock_field);
    case 3:
        return take_map(p, 127, 0, take_process_field);
    case 4:
        h->has_boot = true;
        return take_id(p, h->boot);
    case 5:
        return take_list(p, PMT_CBOR_ARRAY, &p->hooks_at, &h->hook_count,
                         &p->has_hooks);
    case 6:
        rc = take_list(p, PMT_CBOR_MAP, &p->settings_at, &h->setting_count,
                       &p->has_settings);
        return rc < 0 ? rc : check_settings(p, h->setting_count);
    case 7:
        h->has_session = true;
        return take_id(p, h->session);
    case 8:
        h->has_parent = true;
        return take_id(p, h->parent);
    case 9:
        return take_id(p, h->uuid);
    case 10:
        return take_start(p);
    case 11:
        return take_part(p);
    case 12:
        return take_before(p);
    case 14:
        h->archive.there = true;
        return take_map(p, 7, 3, take_archive_key);
    default: /* 13 */
        return take_list(p, PMT_CBOR_ARRAY, &p->filter_at, &h->filter_count,
                         &p->has_filter);
    }
}

/* Keys of a stream's body: all, and those that must be there (0, 1, 2, 3, 9,
 * 10). */
#define STREAM_KEYS 0x7fffu
#define STREAM_MUST 0x60fu

int pmt_stream_parse(struct pmt_stream *s, struct pmt_cbor_cursor *c,
                     struct pmt_error *err)
{
    struct parse p = {.stream = s, .in = c, .err = err};
    struct pmt_stream_header *h = &s->header;
    uint64_t key = 0;
    int rc = take_map(&p, STREAM_KEYS, STREAM_MUST, take_field);

    for (unsigned i = 0; i < 8; i++) {
        key = key << 8 | h->uuid[i];
    }
    if (rc == PMT_OK && key != s->key) {
        rc = corrupt(&p, "a stream's key is not the start of its UUID");
    }
    s->header_arrays = p.texts;
    if (rc < 0) {
        return rc;
    }
    /* An empty list is there: give it an address. */
    if (!p.texts && (p.has_argv || p.has_hooks || p.has_settings ||
                     p.has_filter)) {
        s->header_arrays = p.texts = calloc(1, sizeof *p.texts);
        if (!p.texts) {
            return pmt_error_set_memory(err);
        }
    }
    h->argv = p.has_argv ? p.texts + p.argv_at : NULL;
    h->hooks = p.has_hooks ? p.texts + p.hooks_at : NULL;
    h->settings = p.has_settings ? p.texts + p.settings_at : NULL;
    h->filter = p.has_filter ? p.texts + p.filter_at : NULL;
    return PMT_OK;
}
