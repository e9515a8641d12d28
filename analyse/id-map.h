/*
 * id-map.h: a number for each id of a table, kept in pages that are made when
 * an id in them is given one: a single great id in a trace costs a page.
 *
 * Threads: one at a time.
 */
#ifndef PMT_ID_MAP_H
#define PMT_ID_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define PMT_ID_PAGE_BITS 10
#define PMT_ID_MAX ((UINT32_C(1) << 24) - 1) /* spec 10 */

/* Zeroed is empty; no field is for the caller. */
struct pmt_id_map {
    uint32_t **pages;
    uint32_t page_count;
};

/* The number of `id`; 0: it has none, or it passes PMT_ID_MAX. */
static inline uint32_t pmt_id_map_get(const struct pmt_id_map *map,
                                      uint32_t id)
{
    uint32_t page = id >> PMT_ID_PAGE_BITS;

    if (page >= map->page_count || !map->pages[page])
        return 0;
    return map->pages[page][id & ((1u << PMT_ID_PAGE_BITS) - 1)];
}

/* Gives `id` a number; one that passes PMT_ID_MAX gets none. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_id_map_set(struct pmt_id_map *map, uint32_t id, uint32_t number);

/* Leaves it empty. */
void pmt_id_map_release(struct pmt_id_map *map);

#endif
