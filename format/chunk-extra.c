/* chunk-extra.c - texts, figures and numbers in bodies. */
#include "chunk-extra.h"

#include <stdlib.h>
#include <string.h>

static int corrupt(const struct pmt_extra_state *x, struct pmt_error *err,
                   const char *what)
{
    return pmt_error_set(err, PMT_ERR_CORRUPT, x->chunk->offset, "%s", what);
}

static int no_memory(const struct pmt_extra_state *x, struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_MEMORY, x->chunk->offset,
                         "out of memory");
}

void pmt_extra_begin(struct pmt_extra_state *x, struct pmt_chunk *c,
                     enum pmt_body_extra extra)
{
    memset(x, 0, sizeof *x);
    x->chunk = c;
    x->extra = extra;
    c->text_count = 0;
    memset(c->list_there, 0, sizeof c->list_there);
    c->figure_count = 0;
    memset(c->extra_there, 0, sizeof c->extra_there);
    memset(c->scalars, 0, sizeof c->scalars);
    memset(c->end, 0, sizeof c->end);
}

bool pmt_extra_wants(const struct pmt_extra_state *x, uint64_t key)
{
    switch (x->extra) {
    case PMT_EXTRA_STRINGS:
        return key == 1;
    case PMT_EXTRA_ANCHORS:
        return key >= 32 && key <= 34;
    case PMT_EXTRA_FIGURES:
        return key == 16 || (key >= 32 && key < 32 + PMT_FIGURES_MAX);
    case PMT_EXTRA_SNAPSHOT:
        return key == 16 || key == 17;
    case PMT_EXTRA_MARKS:
        return key == 16;
    case PMT_EXTRA_LIVE:
        return key >= 16 && key <= 18;
    case PMT_EXTRA_PROCESS:
        return key >= 16 && key <= 19;
    case PMT_EXTRA_END:
        return key <= 3;
    case PMT_EXTRA_NONE:
    default:
        return false;
    }
}

/* ---- texts -------------------------------------------------------------- */

static int push_text(struct pmt_extra_state *x, const struct pmt_cbor *text,
                     struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;

    if (c->text_count == c->text_room) {
        size_t room = c->text_room ? c->text_room * 2 : 64;
        void *p = realloc(c->texts, room * sizeof *c->texts);

        if (!p) {
            return no_memory(x, err);
        }
        c->texts = p;
        c->text_room = room;
    }
    c->texts[c->text_count].bytes = (const char *)text->bytes;
    c->texts[c->text_count++].length = (uint32_t)text->value;
    return PMT_OK;
}

/* [* text] of exactly `count` items. */
static int take_texts(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                      struct pmt_error *err)
{
    struct pmt_cbor item;
    uint64_t n;
    int rc = pmt_cbor_expect(in, PMT_CBOR_ARRAY, &item, err);

    if (rc == PMT_OK && item.value != x->chunk->envelope.count) {
        return corrupt(x, err, "a list of texts is of the wrong length");
    }
    n = item.value;
    for (uint64_t i = 0; rc == PMT_OK && i < n; i++) {
        rc = pmt_cbor_text(in, &item, err);
        rc = rc < 0 ? rc : push_text(x, &item, err);
    }
    return rc;
}

static int take_name(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                     struct pmt_error *err)
{
    struct pmt_cbor item;
    int rc = pmt_cbor_text(in, &item, err);

    return rc < 0 ? rc : push_text(x, &item, err);
}

/* [* [* text]] of exactly `count` items: the arguments of each process. */
static int take_arguments(struct pmt_extra_state *x,
                          struct pmt_cbor_cursor *in, struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;
    size_t count = c->envelope.count, begin = c->text_count;
    struct pmt_cbor list, item;
    int rc = pmt_cbor_expect(in, PMT_CBOR_ARRAY, &list, err);

    if (rc == PMT_OK && list.value != count) {
        return corrupt(x, err, "a list of texts is of the wrong length");
    }
    if (rc == PMT_OK && count > c->argv_room) {
        free(c->argv_ends);
        c->argv_ends = calloc(count, sizeof *c->argv_ends);
        c->argv_room = c->argv_ends ? count : 0;
        rc = c->argv_ends ? PMT_OK : no_memory(x, err);
    }
    for (size_t i = 0; rc == PMT_OK && i < count; i++) {
        rc = pmt_cbor_expect(in, PMT_CBOR_ARRAY, &list, err);
        for (uint64_t k = 0; rc == PMT_OK && k < list.value; k++) {
            rc = pmt_cbor_text(in, &item, err);
            rc = rc < 0 ? rc : push_text(x, &item, err);
        }
        c->argv_ends[i] = (uint32_t)(c->text_count - begin);
    }
    return rc;
}

/* A list of a process chunk. */
static int take_process_list(struct pmt_extra_state *x,
                             struct pmt_cbor_cursor *in, uint64_t key,
                             struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;

    c->list_there[key - 16] = true;
    c->list_at[key - 16] = c->text_count;
    return key == 17 ? take_arguments(x, in, err) : take_texts(x, in, err);
}

/* ---- figures and values ------------------------------------------------- */

static int take_integer(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                        int64_t *out, struct pmt_error *err)
{
    struct pmt_cbor item;
    int rc = pmt_cbor_next(in, &item, err);

    if (rc < 0) {
        return rc;
    }
    if ((item.type != PMT_CBOR_UINT && item.type != PMT_CBOR_NEGINT) ||
        item.value > INT64_MAX) {
        return corrupt(x, err, "a value is not an integer of 64 bits");
    }
    *out = item.type == PMT_CBOR_UINT ? (int64_t)item.value
                                      : -1 - (int64_t)item.value;
    return PMT_OK;
}

static bool same_text(const struct pmt_text *a, const struct pmt_text *b)
{
    return a->length == b->length && !memcmp(a->bytes, b->bytes, a->length);
}

/* [name, unit, number] */
static int take_figure(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                       struct pmt_figure *f, struct pmt_error *err)
{
    struct pmt_cbor item;
    int rc = pmt_cbor_expect(in, PMT_CBOR_ARRAY, &item, err);

    if (rc == PMT_OK && item.value != 3) {
        return corrupt(x, err, "a figure is not three items");
    }
    rc = rc < 0 ? rc : pmt_cbor_text(in, &item, err);
    if (rc == PMT_OK) {
        f->name.bytes = (const char *)item.bytes;
        f->name.length = (uint32_t)item.value;
        rc = pmt_cbor_text(in, &item, err);
    }
    if (rc == PMT_OK) {
        f->unit.bytes = (const char *)item.bytes;
        f->unit.length = (uint32_t)item.value;
        rc = take_integer(x, in, &f->value, err);
    }
    if (rc == PMT_OK && x->extra == PMT_EXTRA_FIGURES &&
        (f->value < 0 || f->value > 1)) {
        return corrupt(x, err, "a figure is neither gauge nor counter");
    }
    return rc;
}

static int take_figures(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                        struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;
    struct pmt_cbor item;
    size_t n;
    int rc = pmt_cbor_expect(in, PMT_CBOR_ARRAY, &item, err);

    if (rc < 0) {
        return rc;
    }
    if (item.value > PMT_FIGURES_MAX) {
        return pmt_error_set(err, PMT_ERR_LIMIT, c->offset,
                             "over %u figures in a chunk", PMT_FIGURES_MAX);
    }
    n = (size_t)item.value;
    if (n > c->figure_room) {
        free(c->figures);
        c->figure_room = 0;
        c->figures = calloc(n, sizeof *c->figures);
        if (!c->figures) {
            return no_memory(x, err);
        }
        c->figure_room = n;
    }
    for (size_t i = 0; i < n; i++) {
        rc = take_figure(x, in, &c->figures[i], err);
        if (rc < 0) {
            return rc;
        }
        for (size_t k = 0; x->extra == PMT_EXTRA_FIGURES && k < i; k++) {
            if (same_text(&c->figures[k].name, &c->figures[i].name)) {
                return corrupt(x, err, "a figure is there twice");
            }
        }
    }
    c->figure_count = n;
    return PMT_OK;
}

/* A column of number 32 or more: its rows are decoded at the end. */
static int take_view(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                     uint64_t key, struct pmt_error *err)
{
    struct pmt_column_view *view;
    struct pmt_cbor head;
    int rc;

    for (size_t i = 0; i < x->view_count; i++) {
        if (x->views[i].id == key) {
            return corrupt(x, err, "a column is there twice");
        }
    }
    if (x->view_count == x->view_room) {
        size_t room = x->view_room ? x->view_room * 2 : 32;
        void *p = realloc(x->views, room * sizeof *x->views);

        if (!p) {
            return no_memory(x, err);
        }
        x->views = p;
        x->view_room = room;
    }
    view = &x->views[x->view_count++];
    memset(view, 0, sizeof *view);
    view->id = (uint32_t)key;
    rc = pmt_cbor_next(in, &head, err);
    return rc < 0 ? rc : pmt_column_parse(in, &head, view, err);
}

/* ---- all together ------------------------------------------------------- */

static int take_number(struct pmt_cbor_cursor *in, uint64_t *out,
                       struct pmt_error *err)
{
    struct pmt_cbor item;
    int rc = pmt_cbor_expect(in, PMT_CBOR_UINT, &item, err);

    *out = rc < 0 ? 0 : item.value;
    return rc;
}

int pmt_extra_take(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                   uint64_t key, struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;

    if (key >= 32) {
        return take_view(x, in, key, err);
    }
    if (x->seen & 1u << key) {
        return corrupt(x, err, "a key is there twice");
    }
    x->seen |= 1u << key;
    switch (x->extra) {
    case PMT_EXTRA_STRINGS:
    case PMT_EXTRA_MARKS:
        return take_texts(x, in, err);
    case PMT_EXTRA_FIGURES:
        return take_figures(x, in, err);
    case PMT_EXTRA_SNAPSHOT:
        return key == 16 ? take_name(x, in, err) : take_figures(x, in, err);
    case PMT_EXTRA_LIVE:
        return take_number(in, &c->scalars[key - 16], err);
    case PMT_EXTRA_PROCESS:
        return take_process_list(x, in, key, err);
    case PMT_EXTRA_END:
        return take_number(in, &c->end[key], err);
    case PMT_EXTRA_NONE:
    case PMT_EXTRA_ANCHORS:
    default:
        return corrupt(x, err, "a key is not expected");
    }
}

/* Keys that must have been there. */
static uint32_t required(enum pmt_body_extra extra)
{
    switch (extra) {
    case PMT_EXTRA_STRINGS:
        return 1u << 1;
    case PMT_EXTRA_FIGURES:
    case PMT_EXTRA_SNAPSHOT:
    case PMT_EXTRA_MARKS:
        return 1u << 16;
    case PMT_EXTRA_LIVE:
        return 7u << 16;
    case PMT_EXTRA_END:
        return 15u;
    case PMT_EXTRA_PROCESS:
    case PMT_EXTRA_NONE:
    case PMT_EXTRA_ANCHORS:
    default:
        return 0;
    }
}

/* Room for `columns` columns of the chunk's rows. */
static int room_for(struct pmt_extra_state *x, size_t columns,
                    struct pmt_error *err)
{
    struct pmt_values *v = &x->chunk->extra;
    size_t n = columns * x->chunk->envelope.count;

    if (n > PMT_FIGURE_VALUES_MAX) {
        return pmt_error_set(err, PMT_ERR_LIMIT, x->chunk->offset,
                             "over %u values in a chunk",
                             PMT_FIGURE_VALUES_MAX);
    }
    if (n > v->room) {
        free(v->values);
        v->room = 0;
        v->values = malloc(n * sizeof *v->values);
        if (!v->values) {
            return no_memory(x, err);
        }
        v->room = n;
    }
    return PMT_OK;
}

static int decode_view(struct pmt_extra_state *x,
                       const struct pmt_column_view *view,
                       struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;
    size_t rows = c->envelope.count;
    unsigned i = view->id - 32;
    /* Without rows there may be no array. */
    uint64_t *out = rows ? c->extra.values + i * rows : c->extra.values;
    int rc;

    if (view->codec == PMT_CODEC_LATER) {
        return PMT_OK; /* not to be had */
    }
    rc = pmt_column_decode(view, rows, out, c->offset, err);
    if (rc < 0) {
        return rc;
    }
    if (x->extra == PMT_EXTRA_FIGURES || view->id == 33) {
        pmt_column_unzigzag(out, rows, 0);
    } else if (view->id == 32) {
        pmt_column_undelta(out, rows, 0);
    }
    c->extra_there[i] = true;
    return PMT_OK;
}

/* Anchors: 32 and 33 must be there; in a later codec, unreadable. */
static int check_anchors(struct pmt_extra_state *x, struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;
    uint32_t seen = 0;

    for (size_t i = 0; i < x->view_count; i++) {
        if (x->views[i].codec == PMT_CODEC_LATER && x->views[i].id < 34 &&
            c->envelope.count) {
            return pmt_error_set(err, PMT_ERR_UNSUPPORTED, c->offset,
                                 "column %u has an unknown codec",
                                 x->views[i].id);
        }
        seen |= 1u << (x->views[i].id - 32);
    }
    return (seen & 3) == 3 || !c->envelope.count
               ? PMT_OK
               : corrupt(x, err, "a column of anchors is missing");
}

static int decode_views(struct pmt_extra_state *x, struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;
    size_t columns = x->extra == PMT_EXTRA_ANCHORS ? 3 : c->figure_count;
    int rc = x->extra == PMT_EXTRA_ANCHORS ? check_anchors(x, err) : PMT_OK;

    rc = rc < 0 ? rc : room_for(x, columns, err);
    for (size_t i = 0; rc == PMT_OK && i < x->view_count; i++) {
        if (x->views[i].id - 32 < columns) {
            rc = decode_view(x, &x->views[i], err);
        }
    }
    return rc;
}

int pmt_extra_end(struct pmt_extra_state *x, int rc, struct pmt_error *err)
{
    struct pmt_chunk *c = x->chunk;
    uint32_t must = required(x->extra);

    if (rc < 0) {
        free(x->views);
        return rc;
    }
    if ((x->seen & must) != must) {
        rc = corrupt(x, err, "a key of the body is missing");
    } else if (x->extra == PMT_EXTRA_ANCHORS ||
               x->extra == PMT_EXTRA_FIGURES) {
        rc = decode_views(x, err);
    } else if (x->extra == PMT_EXTRA_END && c->end[3] > 2) {
        rc = corrupt(x, err, "an end is neither clean, recovered nor a dump");
    } else if (x->extra == PMT_EXTRA_LIVE &&
               ((c->scalars[0] != PMT_KIND_ALLOC &&
                 c->scalars[0] != PMT_KIND_OBJECT) ||
                c->scalars[1] >= c->scalars[2])) {
        rc = corrupt(x, err, "a live set is of no kind, or has no such part");
    }
    free(x->views);
    return rc;
}
