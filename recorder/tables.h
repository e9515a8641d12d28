/*
 * tables.h - all tables of a recording together, for recording.c, which knows
 * nothing of Python. With rec_lock held.
 */
#ifndef REC_TABLES_H
#define REC_TABLES_H

#include "recording.h"

int rec_tables_start(void);
void rec_tables_stop(void);
void rec_tables_count(struct rec_stats *stats);

#endif
