/*
 * defs.c - the tables of a stream on the writing side. (A little long: the
 * tables, the look-up by content and what an epoch has stated share the
 * inside of one structure.)
 */
#include "defs.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "writer-resume.h"

/* What each field of a table refers to; PMT_TABLES for a plain number.
 * The order is that of the columns in spec 6.2. */
static const struct {
    unsigned fields;
    enum pmt_def_table refers[PMT_DEF_FIELDS];
} shape[PMT_TABLES] = {
    [PMT_TABLE_STRINGS] = {2, {PMT_TABLES, PMT_TABLES}}, /* start, length */
    [PMT_TABLE_CODES] = {3,
                         {PMT_TABLE_STRINGS, PMT_TABLE_STRINGS, PMT_TABLES}},
    [PMT_TABLE_CFUNCTIONS] = {2, {PMT_TABLE_STRINGS, PMT_TABLE_STRINGS}},
    [PMT_TABLE_TYPES] = {3, {PMT_TABLE_STRINGS, PMT_TABLES, PMT_TABLES}},
    [PMT_TABLE_STACKS] = {3,
                          {PMT_TABLE_STACKS, PMT_TABLE_CODES, PMT_TABLES}},
    [PMT_TABLE_THREADS] = {3, {PMT_TABLES, PMT_TABLES, PMT_TABLE_STRINGS}},
    [PMT_TABLE_CLASSES] = {5,
                           {PMT_TABLES, PMT_TABLES, PMT_TABLE_STACKS,
                            PMT_TABLE_TYPES, PMT_TABLE_CFUNCTIONS}},
};

/* An entry is `fields` values in a row. Threads need all 64 bits; the rest
 * would do with 32, which for stacks, of which there may be millions, is
 * what is stored. */
struct table {
    void *values;        /* uint32_t for stacks, else uint64_t */
    uint32_t *stated;    /* epoch + 1 in which the id was last stated */
    uint8_t *defined;
    uint32_t size;       /* ids below it have room */
    uint32_t next_new;   /* ids below it were wanted by want_new */
    uint32_t end;        /* one more than the greatest id defined */
    uint32_t *wanted;
    size_t wanted_count, wanted_room;
};

struct hash {
    uint32_t *ids;
    size_t size, used;   /* size is a power of two */
};

struct pmt_defs {
    struct table tables[PMT_TABLES];
    uint32_t epoch;      /* from 1 */
    char *text;          /* of all strings */
    size_t text_used, text_room;
    struct hash by_text, by_class;
    uint32_t next_class[2]; /* of objects: next even and next odd id */
};

int pmt_defs_new(struct pmt_defs **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out) {
        return PMT_ERR_MEMORY;
    }
    (*out)->epoch = 1;
    (*out)->next_class[0] = 4; /* 0 is no id */
    (*out)->next_class[1] = 1;
    for (unsigned t = 0; t < PMT_TABLES; t++) {
        (*out)->tables[t].next_new = 1;
        (*out)->tables[t].end = 1;
    }
    return PMT_OK;
}

void pmt_defs_free(struct pmt_defs *d)
{
    if (!d) {
        return;
    }
    for (unsigned t = 0; t < PMT_TABLES; t++) {
        free(d->tables[t].values);
        free(d->tables[t].stated);
        free(d->tables[t].defined);
        free(d->tables[t].wanted);
    }
    free(d->text);
    free(d->by_text.ids);
    free(d->by_class.ids);
    free(d);
}

static size_t value_bytes(enum pmt_def_table table)
{
    return table == PMT_TABLE_STACKS ? sizeof(uint32_t) : sizeof(uint64_t);
}

uint64_t pmt_defs_memory(const struct pmt_defs *d)
{
    uint64_t n = sizeof *d + d->text_room +
                 (d->by_text.size + d->by_class.size) * sizeof(uint32_t);

    for (unsigned t = 0; t < PMT_TABLES; t++) {
        const struct table *table = &d->tables[t];

        n += table->size * (shape[t].fields * value_bytes(t) +
                            sizeof *table->stated + sizeof *table->defined) +
             table->wanted_room * sizeof *table->wanted;
    }
    return n;
}

/* ---- entries ------------------------------------------------------------ */

static void *grown(void *p, size_t from, size_t to, size_t each)
{
    char *q = realloc(p, to * each);

    if (q) {
        memset(q + from * each, 0, (to - from) * each);
    }
    return q;
}

static int make_room(struct pmt_defs *d, enum pmt_def_table which,
                     uint32_t id)
{
    struct table *t = &d->tables[which];
    uint32_t size = t->size ? t->size : 256;
    void *p;

    if (id < t->size) {
        return PMT_OK;
    }
    while (size <= id) {
        size *= 2;
    }
    p = grown(t->values, t->size, size,
              shape[which].fields * value_bytes(which));
    if (p) {
        t->values = p;
        p = grown(t->stated, t->size, size, sizeof *t->stated);
    }
    if (p) {
        t->stated = p;
        p = grown(t->defined, t->size, size, sizeof *t->defined);
    }
    if (!p) {
        return PMT_ERR_MEMORY;
    }
    t->defined = p;
    t->size = size;
    return PMT_OK;
}

static bool is_defined(const struct pmt_defs *d, enum pmt_def_table which,
                       uint32_t id)
{
    return id < d->tables[which].size && d->tables[which].defined[id];
}

int pmt_defs_set(struct pmt_defs *d, enum pmt_def_table which, uint32_t id,
                 const uint64_t fields[PMT_DEF_FIELDS], bool again)
{
    struct table *t = &d->tables[which];
    unsigned n = shape[which].fields;
    int rc;

    if (!id || (which == PMT_TABLE_STACKS && fields[0] >= id) ||
        (is_defined(d, which, id) && !again)) {
        return PMT_ERR_ARGUMENT;
    }
    for (unsigned f = 0; f < n; f++) {
        if (shape[which].refers[f] != PMT_TABLES && fields[f] > PMT_ID_MAX) {
            return PMT_ERR_LIMIT;
        }
    }
    if (id > PMT_ID_MAX) {
        return PMT_ERR_LIMIT;
    }
    rc = make_room(d, which, id);
    if (rc < 0) {
        return rc;
    }
    for (unsigned f = 0; f < n; f++) {
        if (which == PMT_TABLE_STACKS) {
            ((uint32_t *)t->values)[(size_t)id * n + f] = (uint32_t)fields[f];
        } else {
            ((uint64_t *)t->values)[(size_t)id * n + f] = fields[f];
        }
    }
    t->stated[id] = 0;
    t->defined[id] = 1;
    if (id >= t->end) {
        t->end = id + 1;
    }
    if (id < t->next_new) {
        if (!again) { /* ids of two series: classes of objects and calls */
            return pmt_defs_want(d, which, id);
        }
        t->next_new = id; /* so that the change is stated at once */
    }
    return PMT_OK;
}

uint32_t pmt_defs_end(const struct pmt_defs *d, enum pmt_def_table which)
{
    return d->tables[which].end;
}

uint64_t pmt_defs_field(const struct pmt_defs *d, enum pmt_def_table which,
                        uint32_t id, unsigned f)
{
    size_t at = (size_t)id * shape[which].fields + f;

    if (!is_defined(d, which, id)) {
        return 0;
    }
    return which == PMT_TABLE_STACKS
               ? ((const uint32_t *)d->tables[which].values)[at]
               : ((const uint64_t *)d->tables[which].values)[at];
}

/* ---- looking up by content ---------------------------------------------- */

static uint64_t hash_bytes(const char *p, size_t n)
{
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ n;

    while (n) {
        uint64_t v = 0;
        size_t take = n < 8 ? n : 8;

        memcpy(&v, p, take);
        h = pmt_mix(h ^ v);
        p += take;
        n -= take;
    }
    return h;
}

/* Made for every object record: the products don't wait for each other. */
static inline uint64_t hash_class(const uint64_t fields[PMT_DEF_FIELDS])
{
    return pmt_mix(fields[2] * UINT64_C(0x9e3779b97f4a7c15) ^
                   fields[3] * UINT64_C(0xc2b2ae3d27d4eb4f) ^
                   fields[4] * UINT64_C(0xd6e8feb86659fd93) ^
                   fields[0] << 16 ^ fields[1]);
}

static uint64_t hash_of(const struct pmt_defs *d, enum pmt_def_table which,
                        uint32_t id)
{
    const uint64_t *values = d->tables[which].values;

    if (which == PMT_TABLE_STRINGS) {
        size_t n;
        const char *p = pmt_defs_text(d, id, &n);

        return hash_bytes(p, n);
    }
    return hash_class(values + (size_t)id * PMT_DEF_FIELDS);
}

static int hash_grow(struct pmt_defs *d, struct hash *h,
                     enum pmt_def_table which)
{
    size_t size = h->size ? h->size * 2 : 1024;
    uint32_t *ids;

    if (h->used * 4 < h->size * 3) {
        return PMT_OK;
    }
    ids = calloc(size, sizeof *ids);
    if (!ids) {
        return PMT_ERR_MEMORY;
    }
    for (size_t i = 0; i < h->size; i++) {
        if (h->ids[i]) {
            size_t at = hash_of(d, which, h->ids[i]) & (size - 1);

            while (ids[at]) {
                at = (at + 1) & (size - 1);
            }
            ids[at] = h->ids[i];
        }
    }
    free(h->ids);
    h->ids = ids;
    h->size = size;
    return PMT_OK;
}

const char *pmt_defs_text(const struct pmt_defs *d, uint32_t id, size_t *n)
{
    *n = pmt_defs_field(d, PMT_TABLE_STRINGS, id, 1);
    return d->text + pmt_defs_field(d, PMT_TABLE_STRINGS, id, 0);
}

static int add_text(struct pmt_defs *d, const char *bytes, size_t n,
                    uint32_t id)
{
    uint64_t fields[PMT_DEF_FIELDS] = {d->text_used, n};
    size_t room = d->text_room ? d->text_room : 65536;

    while (room - d->text_used < n) {
        room *= 2;
    }
    if (room != d->text_room) {
        char *p = realloc(d->text, room);

        if (!p) {
            return PMT_ERR_MEMORY;
        }
        d->text = p;
        d->text_room = room;
    }
    memcpy(d->text + d->text_used, bytes, n);
    d->text_used += n;
    return pmt_defs_set(d, PMT_TABLE_STRINGS, id, fields, false);
}

/* The place of a text in the hash: its id is there, or 0. */
static int find_text(struct pmt_defs *d, const char *bytes, size_t n,
                     uint32_t **place)
{
    struct hash *h = &d->by_text;
    size_t at;
    int rc = hash_grow(d, h, PMT_TABLE_STRINGS);

    if (rc < 0) {
        return rc;
    }
    at = hash_bytes(bytes, n) & (h->size - 1);
    for (; h->ids[at]; at = (at + 1) & (h->size - 1)) {
        size_t length;
        const char *text = pmt_defs_text(d, h->ids[at], &length);

        if (length == n && !memcmp(text, bytes, n)) {
            break;
        }
    }
    *place = &h->ids[at];
    return PMT_OK;
}

int pmt_defs_string(struct pmt_defs *d, const char *bytes, size_t n,
                    uint32_t *id)
{
    uint32_t *place;
    int rc;

    if (n > PMT_TEXT_MAX) {
        n = PMT_TEXT_MAX;
    }
    rc = find_text(d, bytes, n, &place);
    if (rc < 0 || *place) {
        *id = rc < 0 ? 0 : *place;
        return rc;
    }
    *id = d->tables[PMT_TABLE_STRINGS].end;
    rc = add_text(d, bytes, n, *id);
    if (rc == PMT_OK) {
        *place = *id;
        d->by_text.used++;
    }
    return rc;
}

int pmt_defs_load_string(struct pmt_defs *d, uint32_t id, const char *bytes,
                         size_t n)
{
    uint32_t *place;
    int rc = find_text(d, bytes, n, &place);

    rc = rc < 0 ? rc : add_text(d, bytes, n, id);
    if (rc == PMT_OK && !*place) {
        *place = id; /* of two ids with one text, the first is used on */
        d->by_text.used++;
    }
    return rc;
}

static bool class_is(const struct pmt_defs *d, uint32_t id,
                     const uint64_t *fields)
{
    const uint64_t *v = d->tables[PMT_TABLE_CLASSES].values;

    v += (size_t)id * PMT_DEF_FIELDS;
    return v[2] == fields[2] && v[3] == fields[3] && v[1] == fields[1] &&
           v[0] == fields[0] && v[4] == fields[4];
}

/* The place of a class in the hash: its id is there, or 0. */
static int find_class(struct pmt_defs *d,
                      const uint64_t fields[PMT_DEF_FIELDS], uint32_t **place)
{
    struct hash *h = &d->by_class;
    size_t at;
    int rc = hash_grow(d, h, PMT_TABLE_CLASSES);

    if (rc < 0) {
        return rc;
    }
    at = hash_class(fields) & (h->size - 1);
    while (h->ids[at] && !class_is(d, h->ids[at], fields)) {
        at = (at + 1) & (h->size - 1);
    }
    *place = &h->ids[at];
    return PMT_OK;
}

static int add_class(struct pmt_defs *d, uint32_t id,
                     const uint64_t fields[PMT_DEF_FIELDS], uint32_t *place)
{
    int rc = pmt_defs_set(d, PMT_TABLE_CLASSES, id, fields, false);

    if (rc == PMT_OK && id >= d->next_class[id & 1]) {
        d->next_class[id & 1] = (id & ~3u) + 4 + (id & 1);
    }
    if (rc == PMT_OK && !*place) {
        *place = id;
        d->by_class.used++;
    }
    return rc;
}

int pmt_defs_class(struct pmt_defs *d, const uint64_t fields[PMT_DEF_FIELDS],
                   uint32_t *id)
{
    uint32_t *place;
    int rc = find_class(d, fields, &place);

    if (rc < 0 || *place) {
        *id = rc < 0 ? 0 : *place;
        return rc;
    }
    /* The lowest bit says what an object's records do (spec 7.4). */
    *id = d->next_class[fields[1] & 1];
    return add_class(d, *id, fields, place);
}

int pmt_defs_load_class(struct pmt_defs *d, uint32_t id,
                        const uint64_t fields[PMT_DEF_FIELDS])
{
    uint32_t *place;
    int rc = find_class(d, fields, &place);

    return rc < 0 ? rc : add_class(d, id, fields, place);
}

/* ---- what an epoch has stated ------------------------------------------- */

void pmt_defs_new_epoch(struct pmt_defs *d)
{
    d->epoch++;
}

static int push_wanted(struct table *t, uint32_t id)
{
    if (t->wanted_count == t->wanted_room) {
        size_t room = t->wanted_room ? t->wanted_room * 2 : 1024;
        uint32_t *p = realloc(t->wanted, room * sizeof *p);

        if (!p) {
            return PMT_ERR_MEMORY;
        }
        t->wanted = p;
        t->wanted_room = room;
    }
    t->wanted[t->wanted_count++] = id;
    return PMT_OK;
}

int pmt_defs_want(struct pmt_defs *d, enum pmt_def_table which, uint32_t id)
{
    struct table *t = &d->tables[which];

    /* A stack's callers are a loop, not a recursion: they may be many. */
    while (is_defined(d, which, id) && t->stated[id] != d->epoch) {
        uint32_t parent = 0;
        int rc;

        t->stated[id] = d->epoch;
        rc = push_wanted(t, id);
        for (unsigned f = 0; rc == PMT_OK && f < shape[which].fields; f++) {
            enum pmt_def_table to = shape[which].refers[f];

            if (to == which) {
                parent = (uint32_t)pmt_defs_field(d, which, id, f);
            } else if (to != PMT_TABLES) {
                rc = pmt_defs_want(d, to, (uint32_t)pmt_defs_field(
                                              d, which, id, f));
            }
        }
        if (rc < 0) {
            return rc;
        }
        id = parent;
    }
    return PMT_OK;
}

int pmt_defs_want_all(struct pmt_defs *d, enum pmt_def_table which,
                      const uint32_t *ids, size_t n)
{
    const struct table *t = &d->tables[which];

    for (size_t i = 0; i < n; i++) {
        if (ids[i] < t->size && t->stated[ids[i]] != d->epoch) {
            int rc = pmt_defs_want(d, which, ids[i]);

            if (rc < 0) {
                return rc;
            }
        }
    }
    return PMT_OK;
}

int pmt_defs_want_new(struct pmt_defs *d)
{
    for (unsigned which = 0; which < PMT_TABLES; which++) {
        struct table *t = &d->tables[which];

        for (uint32_t id = t->next_new; id < t->end; id++) {
            int rc = pmt_defs_want(d, which, id);

            if (rc < 0) {
                return rc;
            }
        }
        t->next_new = t->end;
    }
    return PMT_OK;
}

void pmt_defs_forget_new(struct pmt_defs *d)
{
    for (unsigned which = 0; which < PMT_TABLES; which++) {
        d->tables[which].next_new = d->tables[which].end;
    }
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

const uint32_t *pmt_defs_wanted(struct pmt_defs *d, enum pmt_def_table which,
                                size_t *count)
{
    struct table *t = &d->tables[which];

    size_t n = 0;

    if (t->wanted_count) {
        qsort(t->wanted, t->wanted_count, sizeof *t->wanted, by_id);
    }
    /* What was defined anew between two wants is wanted twice. */
    for (size_t i = 0; i < t->wanted_count; i++) {
        if (n == 0 || t->wanted[i] != t->wanted[n - 1]) {
            t->wanted[n++] = t->wanted[i];
        }
    }
    t->wanted_count = n;
    *count = n;
    return t->wanted;
}

void pmt_defs_stated(struct pmt_defs *d, enum pmt_def_table which,
                     size_t count)
{
    struct table *t = &d->tables[which];

    t->wanted_count -= count;
    memmove(t->wanted, t->wanted + count,
            t->wanted_count * sizeof *t->wanted);
}
