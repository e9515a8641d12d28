/* sites.c - tables of a stream that is converted (sites.h). */
#include "sites.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli/text.h"
#include "room.h"

#define ID_MAX ((1u << 24) - 1) /* spec 10 */
#define TEXT_MAX 65536u
#define PLACES_FIRST 16u

struct dt_key {
    uint64_t hash;
    size_t at;        /* in bytes */
    uint32_t length, number;
};

/* ---- keys ---------------------------------------------------------------- */

uint64_t dt_secret(void)
{
    static uint64_t secret;

    if (!secret && (getrandom(&secret, sizeof secret, 0) < 0 || !secret))
        secret = (uintptr_t)&secret;
    return secret;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9fb21c651e98df25);
    return h ^ h >> 32;
}

static uint64_t hash_of(uint64_t seed, const char *p, size_t n)
{
    uint64_t h = seed ^ n, v;

    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&v, p, 8);
        h = mix(h, v);
    }
    v = 0;
    memcpy(&v, p, n);
    return mix(h, v);
}

static int rehash(struct dt_keys *k)
{
    uint32_t places = k->mask ? (k->mask + 1) * 2 : PLACES_FIRST;
    uint32_t *p = calloc(places, sizeof *p);

    if (!p)
        return PMT_ERR_MEMORY;
    free(k->places);
    k->places = p;
    k->mask = places - 1;
    for (uint32_t e = 0; e < k->count; e++) {
        uint32_t i = (uint32_t)k->entries[e].hash & k->mask;

        while (p[i])
            i = (i + 1) & k->mask;
        p[i] = e + 1;
    }
    return PMT_OK;
}

uint32_t dt_keys_find(struct dt_keys *k, const void *bytes, size_t n,
                      uint64_t *hash)
{
    uint32_t i;

    if (!k->seed)
        k->seed = dt_secret();
    *hash = hash_of(k->seed, bytes, n);
    if (!k->places)
        return 0;
    for (i = (uint32_t)*hash & k->mask; k->places[i]; i = (i + 1) & k->mask) {
        const struct dt_key *e = &k->entries[k->places[i] - 1];

        if (e->hash == *hash && e->length == n &&
            memcmp(k->bytes + e->at, bytes, n) == 0)
            return e->number;
    }
    return 0;
}

int dt_keys_add(struct dt_keys *k, const void *bytes, size_t n, uint64_t hash,
                uint32_t number)
{
    void *p;
    uint32_t i;

    if ((uint64_t)(k->count + 1) * 4 > (uint64_t)k->mask * 3 && rehash(k) < 0)
        return PMT_ERR_MEMORY;
    p = dt_roomy(k->entries, &k->room, k->count + 1, sizeof *k->entries);
    if (!p)
        return PMT_ERR_MEMORY;
    k->entries = p;
    p = dt_roomy(k->bytes, &k->size, k->used + n + 1, 1);
    if (!p)
        return PMT_ERR_MEMORY;
    k->bytes = p;
    memcpy(k->bytes + k->used, bytes, n);
    for (i = (uint32_t)hash & k->mask; k->places[i]; i = (i + 1) & k->mask)
        ;
    k->places[i] = k->count + 1;
    k->entries[k->count++] = (struct dt_key){
        .hash = hash, .at = k->used, .length = (uint32_t)n, .number = number};
    k->used += n;
    return PMT_OK;
}

void dt_keys_release(struct dt_keys *k)
{
    free(k->entries);
    free(k->places);
    free(k->bytes);
    *k = (struct dt_keys){0};
}

void dt_sites_release(struct dt_sites *s)
{
    dt_keys_release(&s->sites);
    dt_keys_release(&s->codes);
    dt_keys_release(&s->stacks);
    dt_keys_release(&s->classes);
    dt_keys_release(&s->cfunctions);
    dt_keys_release(&s->threads);
    *s = (struct dt_sites){0};
}

/* ---- what is stated ------------------------------------------------------- */

/* Can it be a name? Python's names and paths have no control characters; what
 * has was read from memory that was no text. */
static bool is_name(const struct dt_text *t)
{
    const char *p = t->bytes;
    size_t n = t->length;

    while (n > 0) {
        uint32_t point;
        size_t used = (unsigned char)*p < 0x80 ? 1
                                               : pmt_text_decode(p, n, &point);

        if (!used || (unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
        p += used;
        n -= used;
    }
    return t->length <= TEXT_MAX;
}

/* The next number of a table; 0: none is left. */
static uint32_t next_id(struct dt_sites *s, const struct dt_keys *k,
                        uint32_t most)
{
    if (k->count >= most) {
        s->unstated++;
        return 0;
    }
    return k->count + 1;
}

static int64_t code_of(struct dt_sites *s, struct pmt_writer *w,
                       const struct dt_text *file,
                       const struct dt_text *function, struct pmt_error *err)
{
    size_t n = file->length + 1 + function->length;
    char *key = malloc(n);
    uint64_t hash;
    uint32_t id;
    int rc = PMT_OK;

    if (!key)
        return pmt_error_set_memory(err);
    if (file->length)
        memcpy(key, file->bytes, file->length);
    key[file->length] = '\0';
    if (function->length)
        memcpy(key + file->length + 1, function->bytes, function->length);
    id = dt_keys_find(&s->codes, key, n, &hash);
    if (!id && (id = next_id(s, &s->codes, ID_MAX)) != 0) {
        rc = dt_keys_add(&s->codes, key, n, hash, id);
        rc = rc < 0  ? pmt_error_set_memory(err)
             : !w    ? PMT_OK
                     : pmt_writer_define_code(
                          w, id, file->length ? file->bytes : "",
                          file->length,
                          function->length ? function->bytes : "",
                          function->length, 0, err);
    }
    free(key);
    return rc < 0 ? (int64_t)rc : (int64_t)id;
}

int64_t dt_sites_stack(struct dt_sites *s, struct pmt_writer *w,
                       const struct dt_site *site, uint32_t parent,
                       struct pmt_error *err)
{
    struct dt_site named = *site;
    uint64_t key[3], hash;
    int64_t code;
    uint32_t id;
    int rc;

    if (!is_name(&named.file) || !is_name(&named.function)) {
        s->unreadable++;
        named = (struct dt_site){{"", 0}, {"", 0}, 0};
    }
    if (!named.file.length && !named.function.length)
        return parent;
    code = code_of(s, w, &named.file, &named.function, err);
    if (code <= 0)
        return code;
    key[0] = (uint64_t)code;
    key[1] = named.line <= UINT32_MAX ? named.line : 0;
    key[2] = parent;
    id = dt_keys_find(&s->stacks, key, sizeof key, &hash);
    if (id || (id = next_id(s, &s->stacks, ID_MAX)) == 0)
        return id;
    rc = dt_keys_add(&s->stacks, key, sizeof key, hash, id);
    rc = rc < 0  ? pmt_error_set_memory(err)
             : !w    ? PMT_OK
                     : pmt_writer_define_stack(w, id, parent, (uint32_t)code,
                                          (uint32_t)key[1], err);
    return rc < 0 ? (int64_t)rc : (int64_t)id;
}

int64_t dt_sites_class(struct dt_sites *s, struct pmt_writer *w,
                       unsigned what, uint32_t stack, uint32_t cfunction,
                       struct pmt_error *err)
{
    uint64_t key[2] = {(uint64_t)what << 32 | stack, cfunction}, hash;
    uint32_t number = dt_keys_find(&s->classes, key, sizeof key, &hash);
    int rc;

    if (number)
        return number;
    number = next_id(s, &s->classes, PMT_CLASS_NUMBER_MAX);
    if (!number)
        return 0;
    rc = dt_keys_add(&s->classes, key, sizeof key, hash, number);
    rc = rc < 0  ? pmt_error_set_memory(err)
             : !w    ? PMT_OK
                     : pmt_writer_define_class(w, number, PMT_KIND_CALL, what,
                                          stack, cfunction, err);
    return rc < 0 ? (int64_t)rc : (int64_t)number;
}

int64_t dt_sites_syscall(struct dt_sites *s, struct pmt_writer *w,
                         struct dt_text name, struct pmt_error *err)
{
    uint64_t hash;
    uint32_t id = dt_keys_find(&s->cfunctions, name.bytes, name.length,
                               &hash);
    int rc;

    if (id)
        return id;
    if (!is_name(&name)) {
        s->unreadable++;
        return 0;
    }
    id = next_id(s, &s->cfunctions, ID_MAX);
    if (!id)
        return 0;
    rc = dt_keys_add(&s->cfunctions, name.bytes, name.length, hash, id);
    rc = rc < 0  ? pmt_error_set_memory(err)
             : !w    ? PMT_OK
                     : pmt_writer_define_cfunction(w, id, name.bytes, name.length,
                                              "syscall", 7, err);
    return rc < 0 ? (int64_t)rc : (int64_t)id;
}

int64_t dt_sites_thread(struct dt_sites *s, struct pmt_writer *w,
                        uint64_t tid, struct pmt_error *err)
{
    uint64_t hash;
    uint32_t id;
    int rc = PMT_OK;

    if (tid == s->last_tid)
        return s->last_thread;
    id = dt_keys_find(&s->threads, &tid, sizeof tid, &hash);
    if (!id && (id = next_id(s, &s->threads, ID_MAX)) != 0) {
        rc = dt_keys_add(&s->threads, &tid, sizeof tid, hash, id);
        rc = rc < 0  ? pmt_error_set_memory(err)
             : !w    ? PMT_OK
                     : pmt_writer_define_thread(w, id, tid, 0, NULL, 0, err);
    }
    if (rc < 0)
        return rc;
    s->last_tid = tid;
    s->last_thread = id;
    return id;
}
