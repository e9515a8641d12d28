/*
 * tables.c - all tables of a recording together (tables.h).
 */
#include "stacks.h"
#include "tables.h"
#include "types.h"

int rec_tables_start(void)
{
    if (rec_stacks_start() != 0)
        return -1;
    if (rec_types_start() != 0) {
        rec_stacks_stop();
        return -1;
    }
    return 0;
}

void rec_tables_stop(void)
{
    rec_stacks_stop();
    rec_types_stop();
}

void rec_tables_count(struct rec_stats *stats)
{
    rec_stacks_count(stats);
    rec_types_count(stats);
}
