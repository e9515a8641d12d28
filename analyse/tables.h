/*
 * tables.h: where a command puts its tables, one after another, as text or as
 * JSON lines: standard output, or -o FILE.
 *
 *     struct pmt_tables tables;
 *
 *     if (pmt_tables_open(&tables, opt.output, opt.force, opt.json))
 *         return PMT_EXIT_TROUBLE;
 *     pmt_tables_next(&tables);
 *     if (tables.as_json) … &tables.json … else … tables.out.file …
 *     return pmt_tables_close(&tables, status);
 *
 * Threads: the main thread only.
 */
#ifndef PMT_TABLES_H
#define PMT_TABLES_H

#include <stdbool.h>

#include "cli/json.h"
#include "cli/output.h"

struct pmt_tables {
    struct pmt_output out;
    struct pmt_json json; /* writes to out.file */
    bool as_json;
    unsigned count;       /* tables begun */
};

/* PMT_EXIT_OK, or PMT_EXIT_TROUBLE after saying why. */
int pmt_tables_open(struct pmt_tables *tables, const char *path, bool force,
                    bool as_json);

/* A table begins: an empty line stands between two tables of text. */
void pmt_tables_next(struct pmt_tables *tables);

/* Returns the worse of `status` and what became of the output. Where something
 * was wrong and there is no table, FILE is not made. */
int pmt_tables_close(struct pmt_tables *tables, int status);

#endif
