/*
 * alloc.h - the mode `alloc`: hooks on CPython's three allocator domains.
 */
#ifndef REC_ALLOC_H
#define REC_ALLOC_H

#include <stdbool.h>

/* Puts the hooks in where they are not called already. With the GIL; nothing
 * is recorded before rec_recording_go(). `floor`: hooks that only pass
 * through, to measure what hooks cost by themselves. */
void rec_alloc_install(bool floor);

/* Takes them out where they are the outermost ones; elsewhere they stay, and
 * pass through. With the GIL. */
void rec_alloc_uninstall(void);

/* True when calls still reach the hooks. Any thread; no GIL. */
bool rec_alloc_is_called(void);

#endif
