/*
 * parts-all.c - what is done with all parts of a recording (parts.h).
 */
#include <string.h>

#include "parts.h"
#include "table.h"

int rec_parts_start(void)
{
    for (int i = 0; rec_parts[i] != NULL; i++)
        if (rec_parts[i]->start != NULL && rec_parts[i]->start() != 0)
            return -1;
    return 0;
}

void rec_parts_stop(void)
{
    int i = 0;

    while (rec_parts[i] != NULL)
        i++;
    while (i-- > 0)
        if (rec_parts[i]->stop != NULL)
            rec_parts[i]->stop();
}

void rec_parts_count(struct rec_stats *stats)
{
    for (int i = 0; rec_parts[i] != NULL; i++)
        if (rec_parts[i]->count != NULL)
            rec_parts[i]->count(stats);
}

void rec_parts_resumed(bool inner)
{
    for (int i = 0; rec_parts[i] != NULL; i++)
        if (rec_parts[i]->resumed != NULL)
            rec_parts[i]->resumed(inner);
}

/* ---- a recording inside another one ---------------------------------------- */

/* Calls `move` on all that is saved, with the places of the copies, which
 * begin after the length of the block. */
static size_t each_saved(char *block,
                         void (*move)(char *copy, const struct rec_saved *s))
{
    size_t used = sizeof(size_t);

    for (int i = 0; rec_parts[i] != NULL; i++) {
        const struct rec_saved *s = rec_parts[i]->saved;

        for (; s != NULL && s->at != NULL; s++) {
            if (move != NULL)
                move(block + used, s);
            used += s->bytes;
        }
    }
    return used;
}

static void copy_away(char *copy, const struct rec_saved *s)
{
    memcpy(copy, s->at, s->bytes);
    memset(s->at, 0, s->bytes);
}

static void copy_back(char *copy, const struct rec_saved *s)
{
    memcpy(s->at, copy, s->bytes);
}

static void forget(char *copy, const struct rec_saved *s)
{
    (void)copy;
    memset(s->at, 0, s->bytes);
}

void rec_parts_forked(void)
{
    each_saved(NULL, forget);
}

void *rec_parts_save(void)
{
    size_t bytes = each_saved(NULL, NULL);
    char *block = rec_pages_new(bytes);

    if (block != NULL) {
        memcpy(block, &bytes, sizeof bytes);
        each_saved(block, copy_away);
    }
    return block;
}

void rec_parts_restore(void *block)
{
    size_t bytes;

    memcpy(&bytes, block, sizeof bytes);
    each_saved(block, copy_back);
    rec_pages_free(block, bytes);
}
