/*
 * look.c - what is in traces of programs that were killed: for each FILE one
 * line of JSON with all that tests/long/kills.py has to compare.
 *
 * usage: look FILE...
 *
 * The programs number what they do (work.py): marks "kW.N" and snapshots
 * "sW.N" of worker W, blocks of BLOCK_BASE + W * BLOCK_STEP + N bytes,
 * functions and types called known. Of each row of numbers the line has
 * [first, last, count, breaks]; a break is a number that is not one more than
 * the one before. "twice": addresses acquired while they were live. "carry":
 * addresses by which a live set in the trace (spec 7.11) differs from what
 * the records before it give.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmt/reader.h"

#define WORKERS 8
#define BLOCK_BASE 300033u /* a bytes object has 33 bytes of its own */
#define BLOCK_STEP (1u << 17)

/* ---- addresses ---------------------------------------------------------- */

/* Open addressing; 0 is free, REMOVED was taken out. */
#define REMOVED 1u
struct set {
    uint64_t *slots;
    size_t room, used, live; /* room: a power of 2; used: with REMOVED */
};

static void *allocate(size_t n, size_t each)
{
    void *p = calloc(n, each);

    if (!p) {
        fputs("look: out of memory\n", stderr);
        exit(2);
    }
    return p;
}

static uint64_t *find(const struct set *s, uint64_t address)
{
    size_t at = (size_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 20);

    for (;; at++) {
        uint64_t *slot = &s->slots[at & (s->room - 1)];

        if (*slot == address || *slot == 0)
            return slot;
    }
}

static void grow(struct set *s)
{
    struct set wider = {.room = s->live * 4 < 1024 ? 1024 : s->room * 2};

    if (s->live * 4 < s->room && s->room > 0)
        wider.room = s->room;
    wider.slots = allocate(wider.room, sizeof *wider.slots);
    for (size_t i = 0; i < s->room; i++)
        if (s->slots[i] > REMOVED)
            *find(&wider, s->slots[i]) = s->slots[i];
    wider.used = wider.live = s->live;
    free(s->slots);
    *s = wider;
}

/* true: it was not in yet. */
static bool add(struct set *s, uint64_t address)
{
    uint64_t *slot;

    if (s->used * 2 >= s->room)
        grow(s);
    slot = find(s, address);
    if (*slot)
        return false;
    *slot = address;
    s->used++;
    s->live++;
    return true;
}

static void take_out(struct set *s, uint64_t address)
{
    uint64_t *slot = s->room ? find(s, address) : NULL;

    if (slot && *slot) {
        *slot = REMOVED;
        s->live--;
    }
}

static uint64_t not_in(const struct set *these, const struct set *those)
{
    uint64_t n = 0;

    for (size_t i = 0; i < these->room; i++)
        n += these->slots[i] > REMOVED &&
             (!those->room || *find(those, these->slots[i]) == 0);
    return n;
}

static void empty(struct set *s)
{
    free(s->slots);
    memset(s, 0, sizeof *s);
}

/* ---- one file ------------------------------------------------------------ */

struct row {
    uint64_t first, last, count, breaks;
};

struct found {
    unsigned streams;
    uint64_t lost, missing, damaged;
    bool truncated, ended, journal;
    struct row marks[WORKERS], snapshots[WORKERS], blocks[WORKERS];
    uint64_t calls, lines, creates, gcs, heaps, samples, parts;
    uint64_t twice, carry, carries;
    char first_damage[300];
};

struct look {
    struct pmt_reader *reader;
    struct found f;
    struct set live[2], stated; /* of alloc and object */
    char *known;                /* by type id: 1 known, 2 not */
    size_t known_room;
};

static void number(struct row *row, uint64_t n)
{
    if (row->count == 0)
        row->first = n;
    else if (n != row->last + 1)
        row->breaks++;
    row->last = n;
    row->count++;
}

/* "kW.N" or "sW.N", and anything after a space. */
static void named(struct row *rows, char letter, struct pmt_text text)
{
    char copy[40] = "";
    unsigned worker;
    uint64_t n;

    memcpy(copy, text.bytes, text.length < 39 ? text.length : 39);
    if (copy[0] == letter &&
        sscanf(copy + 1, "%u.%" SCNu64, &worker, &n) == 2 &&
        worker < WORKERS)
        number(&rows[worker], n);
}

static bool is_known(const struct pmt_text *name)
{
    return name->length >= 5 &&
           memcmp(name->bytes + name->length - 5, "known", 5) == 0;
}

static void allocs(struct look *l, size_t n)
{
    const struct pmt_alloc *a = pmt_reader_allocs(l->reader);

    for (size_t i = 0; a && i < n; i++) {
        uint64_t size = a[i].size - BLOCK_BASE;

        if (pmt_alloc_releases(a[i].op)) {
            take_out(&l->live[0], a[i].address);
            continue;
        }
        l->f.twice += !add(&l->live[0], a[i].address);
        if (pmt_alloc_has_size(a[i].op) && a[i].size >= BLOCK_BASE &&
            size < (uint64_t)WORKERS * BLOCK_STEP)
            number(&l->f.blocks[size / BLOCK_STEP], size % BLOCK_STEP);
    }
}

static bool known_type(struct look *l, const struct pmt_stream *s,
                       uint32_t id)
{
    struct pmt_type type;

    if (id >= l->known_room) {
        size_t room = id * 2 + 64;
        char *wider = allocate(room, 1);

        if (l->known_room)
            memcpy(wider, l->known, l->known_room);
        free(l->known);
        l->known = wider;
        l->known_room = room;
    }
    if (!l->known[id])
        l->known[id] = pmt_stream_type(s, id, &type) &&
                               is_known(&type.name) ? 1 : 2;
    return l->known[id] == 1;
}

static void objects(struct look *l, const struct pmt_stream *s, size_t n)
{
    const struct pmt_object *o = pmt_reader_objects(l->reader);
    bool exact = !pmt_stream_has_hook(s, "object:destroy-unreliable");

    for (size_t i = 0; o && i < n; i++) {
        if (o[i].op == PMT_OBJECT_DESTROY) {
            take_out(&l->live[1], o[i].address);
            continue;
        }
        if (!add(&l->live[1], o[i].address) && exact)
            l->f.twice++;
        l->f.creates += known_type(l, s, o[i].type);
    }
}

/* Records of call (what CALL) or line (LINE) inside the function known. */
static uint64_t events(struct look *l, const struct pmt_event *e,
                       uint32_t wanted)
{
    const uint64_t *ids = pmt_reader_column(l->reader, PMT_COL_CLASS);
    uint64_t n = 0, last = UINT64_MAX;
    bool yes = false;

    for (size_t i = 0; ids && i < e->envelope.count; i++) {
        if (ids[i] != last) {
            struct pmt_class class_;
            struct pmt_site site;
            struct pmt_code code;

            last = ids[i];
            yes = pmt_stream_class(e->stream, (uint32_t)ids[i], &class_) &&
                  class_.what == wanted &&
                  pmt_stream_site(e->stream, class_.stack, &site) &&
                  pmt_stream_code(e->stream, site.code, &code) &&
                  is_known(&code.function);
        }
        n += yes;
    }
    return n;
}

static void lives(struct look *l, const struct pmt_event *e)
{
    const struct pmt_live *live = pmt_reader_lives(l->reader);
    uint32_t kind, part, parts;
    struct set *mine;

    pmt_reader_live_part(l->reader, &kind, &part, &parts);
    mine = &l->live[kind == PMT_KIND_OBJECT];
    if (part == 0)
        empty(&l->stated);
    for (size_t i = 0; live && i < e->envelope.count; i++)
        add(&l->stated, live[i].address);
    if (part + 1 < parts)
        return;
    if (l->f.parts > 1)
        l->f.carry += not_in(mine, &l->stated) + not_in(&l->stated, mine);
    l->f.carries++;
    free(mine->slots);
    *mine = l->stated;
    memset(&l->stated, 0, sizeof l->stated);
}

static void records(struct look *l, const struct pmt_event *e)
{
    const uint64_t *column;
    size_t n = e->envelope.count;
    uint32_t kind = e->envelope.kind;

    if (kind == PMT_KIND_ALLOC) {
        allocs(l, n);
    } else if (kind == PMT_KIND_OBJECT) {
        objects(l, e->stream, n);
    } else if (kind == PMT_KIND_CALL) {
        l->f.calls += events(l, e, PMT_CALL_CALL);
    } else if (kind == PMT_KIND_LINE) {
        l->f.lines += events(l, e, PMT_LINE_LINE);
    } else if (kind == PMT_KIND_LIVE_SET) {
        lives(l, e);
    } else if (kind == PMT_KIND_HEAP) {
        l->f.heaps += n;
    } else if (kind == PMT_KIND_SAMPLE) {
        l->f.samples += n;
    } else if (kind == PMT_KIND_SNAPSHOT) {
        named(l->f.snapshots, 's', pmt_reader_text(l->reader, 0));
    } else if (kind == PMT_KIND_GC) {
        column = pmt_reader_column(l->reader, PMT_COL_OP);
        for (size_t i = 0; column && i < n; i++)
            l->f.gcs += column[i] & 1;
    } else if (kind == PMT_KIND_MARK) {
        for (size_t i = 0; i < n; i++)
            named(l->f.marks, 'k', pmt_reader_text(l->reader, (uint32_t)i));
    } else if (kind == PMT_KIND_LOSS) {
        column = pmt_reader_column(l->reader, PMT_COL_EVENTS);
        for (size_t i = 0; column && i < n; i++)
            l->f.lost += column[i];
    }
}

static void event(struct look *l, const struct pmt_event *e)
{
    l->f.missing += e->seq_missing;
    if (e->type == PMT_EVENT_DAMAGE) {
        if (e->damage.code == PMT_ERR_TRUNCATED) {
            l->f.truncated = true;
        } else {
            if (l->f.damaged++ == 0)
                snprintf(l->f.first_damage, sizeof l->f.first_damage,
                         "byte %" PRIu64 ": %s", e->offset,
                         e->damage.message);
        }
    } else if (e->type == PMT_EVENT_STREAM) {
        l->f.streams = pmt_stream_index(e->stream) + 1;
        l->f.parts++;
    } else if (e->type == PMT_EVENT_JOURNAL) {
        l->f.journal = true;
    } else if (e->type == PMT_EVENT_END) {
        l->f.ended = true;
    } else if (e->type == PMT_EVENT_RECORDS) {
        records(l, e);
    }
}

/* ---- what it prints ------------------------------------------------------ */

static void print_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

static void print_rows(const char *name, const struct row *rows)
{
    printf(", \"%s\": [", name);
    for (int i = 0; i < WORKERS; i++)
        printf("%s[%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "]",
               i ? ", " : "", rows[i].first, rows[i].last, rows[i].count,
               rows[i].breaks);
    putchar(']');
}

static void print(const char *path, const struct found *f)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"streams", f->streams}, {"lost", f->lost}, {"missing", f->missing},
        {"damaged", f->damaged}, {"truncated", f->truncated},
        {"ended", f->ended},     {"journal", f->journal},
        {"calls", f->calls},     {"lines", f->lines},
        {"creates", f->creates}, {"gcs", f->gcs},
        {"heaps", f->heaps},     {"samples", f->samples},
        {"parts", f->parts},     {"twice", f->twice},
        {"carry", f->carry},     {"carries", f->carries},
    };

    printf("{\"file\": ");
    print_text(path);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        printf(", \"%s\": %" PRIu64, numbers[i].name, numbers[i].value);
    printf(", \"damage\": ");
    print_text(f->first_damage);
    print_rows("marks", f->marks);
    print_rows("snapshots", f->snapshots);
    print_rows("blocks", f->blocks);
    puts("}");
}

static void look_at(const char *path)
{
    struct look l;
    struct pmt_event e;
    struct pmt_error err;
    int code;

    memset(&l, 0, sizeof l);
    code = pmt_reader_open_path(&l.reader, path, NULL, &err);
    while (code == PMT_OK &&
           (code = pmt_reader_next(l.reader, &e, &err)) == PMT_OK)
        event(&l, &e);
    if (code < 0) {
        printf("{\"file\": ");
        print_text(path);
        printf(", \"error\": ");
        print_text(err.message);
        puts("}");
    } else {
        print(path, &l.f);
    }
    pmt_reader_free(l.reader);
    empty(&l.live[0]);
    empty(&l.live[1]);
    empty(&l.stated);
    free(l.known);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        look_at(argv[i]);
    return 0;
}
