/* tables.c: see tables.h. */
#include "tables.h"

#include <string.h>

#include "cli/errors.h"
#include "open.h"

int pmt_tables_open(struct pmt_tables *tables, const char *path, bool force,
                    bool as_json)
{
    memset(tables, 0, sizeof *tables);
    if (pmt_output_open(&tables->out, path, force ? PMT_OUTPUT_FORCE : 0))
        return PMT_EXIT_TROUBLE;
    tables->as_json = as_json;
    pmt_json_init(&tables->json, tables->out.file);
    return PMT_EXIT_OK;
}

void pmt_tables_next(struct pmt_tables *tables)
{
    if (tables->count++ > 0 && !tables->as_json)
        fputc('\n', tables->out.file);
}

int pmt_tables_close(struct pmt_tables *tables, int status)
{
    if (status != PMT_EXIT_OK && tables->count == 0) {
        pmt_output_abandon(&tables->out);
        return status;
    }
    return pmt_exit_worse(status, pmt_output_commit(&tables->out));
}
