/* id-map.c: see id-map.h. */
#include "id-map.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

#define PAGE_IDS (1u << PMT_ID_PAGE_BITS)

void pmt_id_map_release(struct pmt_id_map *map)
{
    for (uint32_t i = 0; i < map->page_count; i++)
        free(map->pages[i]);
    free(map->pages);
    memset(map, 0, sizeof *map);
}

int pmt_id_map_set(struct pmt_id_map *map, uint32_t id, uint32_t number)
{
    uint32_t page = id >> PMT_ID_PAGE_BITS;

    if (id > PMT_ID_MAX)
        return PMT_OK;
    if (page >= map->page_count) {
        uint32_t count = page + page / 2 + 1;
        uint32_t **pages = realloc(map->pages, count * sizeof *pages);

        if (!pages)
            return PMT_ERR_MEMORY;
        memset(pages + map->page_count, 0,
               (count - map->page_count) * sizeof *pages);
        map->pages = pages;
        map->page_count = count;
    }
    if (!map->pages[page]) {
        map->pages[page] = calloc(PAGE_IDS, sizeof **map->pages);
        if (!map->pages[page])
            return PMT_ERR_MEMORY;
    }
    map->pages[page][id & (PAGE_IDS - 1)] = number;
    return PMT_OK;
}
