/* room.h - arrays that double when they are full. */
#ifndef DTRACE_ROOM_H
#define DTRACE_ROOM_H

#include <stddef.h>
#include <stdlib.h>

#define DT_ROOM_FIRST 16u

/*
 * `array`, or NULL, has *room entries of `each` bytes: the same or another
 * with room for `need` of them, which is not 0. NULL: no memory; the array
 * stays.
 */
static inline void *dt_roomy(void *array, size_t *room, size_t need,
                             size_t each)
{
    size_t more = *room ? *room : DT_ROOM_FIRST;
    void *p;

    if (*room >= need)
        return array;
    while (more < need)
        more *= 2;
    p = realloc(array, more * each);
    if (p)
        *room = more;
    return p;
}

#endif
