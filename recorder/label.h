/*
 * label.h - labels: a name at the outer end of every stack that is recorded
 * inside it, as a code with the file "<label>" and the label as function.
 *
 * A label is the value of a contextvars.ContextVar of ours: it holds for the
 * running context, and so for the asyncio task that runs. The hot path looks
 * at two numbers of the thread's state: whether another context has been
 * entered since the last look.
 */
#ifndef REC_LABEL_H
#define REC_LABEL_H

#include "cpython.h"
#include "thread.h"

/* True from the first label of the process on. Written with the GIL, read by
 * anybody: who sees it late has no label. */
extern bool rec_labels_used __attribute__((visibility("hidden")));

/* Finds out the label of the calling thread, whose state is `ts`. Where it
 * does not hold the GIL the last label known stays. */
void rec_label_look(struct rec_thread *t, const PyThreadState *ts);

/* The stack id of the label of the calling thread, 0 for none: the parent of
 * its outermost site. `ts` is not NULL. */
static inline uint32_t rec_label(struct rec_thread *t,
                                 const PyThreadState *ts)
{
    if (REC_LIKELY(!rec_labels_used))
        return 0;
    if (t->label_version != ts->context_ver || t->label_state != ts->id ||
        t->label_serial != rec_serial)
        rec_label_look(t, ts);
    return t->label;
}

/* For the extension module: label_enter(), label_exit(). */
extern PyMethodDef rec_label_methods[];

#endif
