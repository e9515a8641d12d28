/*
 * prompt.c - prompt.h by Linux's sched_setattr(2).
 */
#include "prompt.h"

#ifdef __linux__

#include <linux/sched/types.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000        /* the least that is taken */

void rec_be_prompt(void)
{
    struct sched_attr attr = {.size = sizeof attr};

    if (syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) != 0 ||
        attr.sched_policy != 0) /* SCHED_OTHER */
        return;
    attr.sched_runtime = SLICE_NS;
    syscall(SYS_sched_setattr, 0, &attr, 0);
}

#else

void rec_be_prompt(void)
{
}

#endif
