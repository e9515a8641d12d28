/* check-tables.h: entries of tables and what refers to them, for check.c. */
#ifndef PMT_CHECK_TABLES_H
#define PMT_CHECK_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/reader.h"
#include "stated.h"

/* Entries whose earlier statement says something else. */
struct pmt_restated {
    uint64_t count;
    uint32_t first;
};

/* Notes the entries of `event`, the reader's last, a TABLE. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_check_state(struct pmt_stated *s, struct pmt_reader *r,
                    const struct pmt_event *event,
                    struct pmt_restated *restated);

/* References of one column that its epoch does not state. */
struct pmt_unstated {
    enum pmt_kind table;
    uint64_t count, first;
    unsigned next;         /* private: the rule to go on with */
};

/* The next column of `event` with such references; start with it zeroed.
 * False when there is none left. */
bool pmt_check_unstated(const struct pmt_stated *s, struct pmt_reader *r,
                        const struct pmt_event *event,
                        struct pmt_unstated *unstated);

#endif
