/*
 * alloc.h - the mode `alloc`: hooks on CPython's three allocator domains.
 */
#ifndef REC_ALLOC_H
#define REC_ALLOC_H

#include "modes.h"

struct rec_thread;

extern const struct rec_mode rec_mode_alloc;

/* The functions of struct rec_mode, also for other modes that need allocator
 * hooks. Which hooks are put in depends on rec_set. To put them in twice, or
 * to take them out twice, does nothing. */
int rec_alloc_install(bool floor);
void rec_alloc_uninstall(void);
bool rec_alloc_is_called(void);

/* The recorder itself took a block of the mem domain inside a hook, and the
 * program will free it: does what the hook would have done. With the GIL. */
void rec_alloc_own(struct rec_thread *t, void *address, uint64_t size,
                   uint32_t stack);

#endif
