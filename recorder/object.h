/*
 * object.h - the mode `object`: CPython's reference tracer (3.13 and later).
 */
#ifndef REC_OBJECT_H
#define REC_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

/* False where CPython has no reference tracer: before 3.13. */
bool rec_object_is_possible(void);

/* Puts the tracer in, before another one if there is one, which goes on being
 * called. With the GIL. 0, or -1 with a Python exception. */
int rec_object_install(bool floor);

/* Takes it out if it is in still. With the GIL. */
void rec_object_uninstall(void);

/* True when the tracer is in. Any thread. */
bool rec_object_is_called(void);

/*
 * Whether this interpreter reports what it destroys: between these two calls
 * (GIL held), events are counted, not recorded. -1 with a Python exception
 * where the mode is not possible.
 */
int rec_object_count_begin(void);
void rec_object_count_end(uint64_t *created, uint64_t *destroyed);

#endif
