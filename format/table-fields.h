/*
 * table-fields.h - the entries of a stream's tables as they are written
 * (spec 6.2): private to libpmt.
 */
#ifndef PMT_TABLE_FIELDS_H
#define PMT_TABLE_FIELDS_H

#include <stdint.h>

#include "pmt/reader.h"

#define PMT_TABLE_FIELDS 5u

/* Columns 1 to n of entry `id` in the table `kind`, any but that of strings,
 * and n. 0: it is not stated; but for id 0, of which the fields are 0. */
unsigned pmt_table_fields(const struct pmt_stream *s, enum pmt_kind kind,
                          uint32_t id, uint64_t fields[PMT_TABLE_FIELDS]);

#endif
