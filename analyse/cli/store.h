/* store.h: from the text of an option's value to the field of its row. */
#ifndef PMT_CLI_STORE_H
#define PMT_CLI_STORE_H

#include "options.h"

/* Does the option take a value (--top N), or is its presence all? */
bool pmt_option_takes_value(const struct pmt_option *option);

/* Read `value` (NULL for kinds without one) into `field`, which is of the
 * type that the kind says. negated: it was --no-NAME. Returns true, or false
 * with the reason in `why` and the field as it was. */
bool pmt_option_store(const struct pmt_option *option, const char *value,
                      bool negated, void *field, char *why, size_t why_size);

#endif
