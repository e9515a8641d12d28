/*
 * figures.c - figures of one moment (figures.h).
 */
#include "figures.h"

#include <stdio.h>
#include <string.h>

#include "recording.h"

void rec_figures_write(struct rec_figures *f)
{
    if (f->used == 0)
        return;
    rec_lock();
    if (__atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE) == 0 ||
        rec_define_figures(f->kind, 0, 0, f->time, f->lines, f->used) != 0)
        f->lost = true;
    rec_unlock();
    f->used = 0;
}

void rec_figures_add(struct rec_figures *f, const char *name,
                     const char *unit, bool counter, int64_t value)
{
    char line[512];
    int n = snprintf(line, sizeof line, "%.200s\t%.200s\t%d\t%lld\n", name,
                     unit, counter, (long long)value);

    if (f->used + (size_t)n > sizeof f->lines)
        rec_figures_write(f);
    memcpy(f->lines + f->used, line, (size_t)n);
    f->used += (size_t)n;
}
