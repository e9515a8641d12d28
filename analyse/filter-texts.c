/* filter-texts.c: the conditions that a stream was filtered by, as its header
 * has them (spec 5.4), and those of this filter; see filter-private.h. */
#include <stdlib.h>
#include <string.h>

#include "filter-private.h"

static int by_bytes(const void *a, const void *b)
{
    const struct pmt_text *x = a, *y = b;
    uint32_t least = x->length < y->length ? x->length : y->length;
    int order = least ? memcmp(x->bytes, y->bytes, least) : 0;

    return order ? order : (x->length > y->length) - (x->length < y->length);
}

int pmt_filter_join_texts(struct pmt_filter *f,
                          const struct pmt_stream_header *h)
{
    size_t all, kept = 0;
    struct pmt_text *texts;

    if (f->own_texts == NULL)
        f->own_texts = pmt_expression_texts(f->x, &f->own_count);
    all = f->own_count + h->filter_count;
    texts = realloc(f->texts, (all + 1) * sizeof *texts);
    if (!texts)
        return PMT_ERR_MEMORY;
    f->texts = texts;
    for (size_t i = 0; i < f->own_count; i++)
        texts[i] = (struct pmt_text){f->own_texts[i],
                                     (uint32_t)strlen(f->own_texts[i])};
    for (size_t i = 0; i < h->filter_count; i++)
        texts[f->own_count + i] = h->filter[i];
    qsort(texts, all, sizeof *texts, by_bytes);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || by_bytes(&texts[kept - 1], &texts[i]))
            texts[kept++] = texts[i];
    f->text_count = kept;
    return PMT_OK;
}

/* Did the condition ask something of the records of the kind? One that is not
 * understood may have. */
static bool asks(const struct pmt_text *text, const struct pmt_stream *stream,
                 uint32_t kind)
{
    char *copy = text->length > 0 ? strndup(text->bytes, text->length) : NULL;
    struct pmt_expression x;
    char why[200];
    bool asked;

    pmt_expression_init(&x);
    asked = copy == NULL || pmt_expression_add(&x, copy, why, sizeof why) ||
            pmt_expression_of_kind(&x, stream, kind) == PMT_SOMETIMES;
    pmt_expression_release(&x);
    free(copy);
    return asked;
}

void pmt_filter_ask_again(struct pmt_filter_stream *s)
{
    const struct pmt_stream_header *h = pmt_stream_header(s->stream);
    static const uint32_t kinds[] = {PMT_KIND_ALLOC, PMT_KIND_OBJECT};

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < h->filter_count; i++)
            if (s->kinds[kinds[k]] == PMT_ALWAYS &&
                asks(&h->filter[i], s->stream, kinds[k]))
                s->kinds[kinds[k]] = PMT_SOMETIMES;
}
