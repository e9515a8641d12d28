/* stated.c: see stated.h. Ids are dense in practice and at most 2^24 in a
 * hostile trace, so: an array of pages. */
#include "stated.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

#define PAGE_BITS 5
#define PAGE_IDS (1u << PAGE_BITS)

struct entry {
    uint32_t epoch;   /* of the last statement */
    uint32_t content; /* 0: never stated */
};

struct pmt_stated_page {
    struct entry entries[PAGE_IDS];
};

static int make_page(struct pmt_stated_table *table, size_t page)
{
    if (page >= table->count) {
        size_t count = page + 1 + page / 2;
        struct pmt_stated_page **pages =
            reallocarray(table->pages, count, sizeof(void *));

        if (pages == NULL)
            return PMT_ERR_MEMORY;
        memset(pages + table->count, 0,
               (count - table->count) * sizeof(void *));
        table->pages = pages;
        table->count = count;
    }
    if (table->pages[page] == NULL)
        table->pages[page] = calloc(1, sizeof *table->pages[page]);
    return table->pages[page] ? PMT_OK : PMT_ERR_MEMORY;
}

int pmt_stated_add(struct pmt_stated *s, enum pmt_kind kind, uint32_t id,
                   uint32_t epoch, uint32_t content, bool *same)
{
    struct pmt_stated_table *table = &s->tables[kind - PMT_KIND_STRINGS];
    size_t page = id >> PAGE_BITS;
    struct entry *entry;

    if (page >= table->count || table->pages[page] == NULL)
        if (make_page(table, page) != PMT_OK)
            return PMT_ERR_MEMORY;
    entry = &table->pages[page]->entries[id & (PAGE_IDS - 1)];
    content |= 1;
    *same = entry->content == 0 || entry->content == content;
    entry->epoch = epoch;
    entry->content = content;
    return PMT_OK;
}

bool pmt_stated_in(const struct pmt_stated *s, enum pmt_kind kind,
                   uint64_t id, uint32_t epoch)
{
    const struct pmt_stated_table *table =
        &s->tables[kind - PMT_KIND_STRINGS];
    uint64_t page = id >> PAGE_BITS;

    const struct entry *entry;

    if (page >= table->count || table->pages[page] == NULL)
        return false;
    entry = &table->pages[page]->entries[id & (PAGE_IDS - 1)];
    return entry->content != 0 && entry->epoch == epoch;
}

void pmt_stated_release(struct pmt_stated *s)
{
    for (size_t t = 0; t < sizeof s->tables / sizeof *s->tables; t++) {
        for (size_t i = 0; i < s->tables[t].count; i++)
            free(s->tables[t].pages[i]);
        free(s->tables[t].pages);
    }
    memset(s, 0, sizeof *s);
}
