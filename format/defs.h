/*
 * defs.h - all definitions of one stream on the writing side: strings, code
 * objects, C functions, types, stacks, threads and classes; and which of them the
 * current epoch has not stated yet (spec 6).
 */
#ifndef PMT_DEFS_H
#define PMT_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"

#define PMT_ID_MAX ((1u << 24) - 1) /* spec 10 */
#define PMT_TEXT_MAX 65536u

enum pmt_def_table {
    PMT_TABLE_STRINGS,
    PMT_TABLE_CODES,
    PMT_TABLE_CFUNCTIONS,
    PMT_TABLE_TYPES,
    PMT_TABLE_STACKS,
    PMT_TABLE_THREADS,
    PMT_TABLE_CLASSES,
    PMT_TABLES
};

#define PMT_DEF_FIELDS 5

struct pmt_defs;

int pmt_defs_new(struct pmt_defs **out);
void pmt_defs_free(struct pmt_defs *d);
uint64_t pmt_defs_memory(const struct pmt_defs *d);

/* The id of a string; made when it is new. Longer texts are cut at
 * PMT_TEXT_MAX. PMT_ERR_MEMORY, PMT_ERR_LIMIT. */
int pmt_defs_string(struct pmt_defs *d, const char *bytes, size_t n,
                    uint32_t *id);

/* The text of string `id`, which is defined. */
const char *pmt_defs_text(const struct pmt_defs *d, uint32_t id, size_t *n);

/*
 * Defines `id` of `table` by its fields, in the order of spec 6.2 from
 * column 1 on (stack: parent, code, line). `again` allows another definition
 * to take the place of one (threads). PMT_ERR_ARGUMENT: the id is 0, is
 * defined, or refers to a stack that is not smaller. PMT_ERR_LIMIT.
 */
int pmt_defs_set(struct pmt_defs *d, enum pmt_def_table table, uint32_t id,
                 const uint64_t fields[PMT_DEF_FIELDS], bool again);

/* One more than the greatest id defined. */
uint32_t pmt_defs_end(const struct pmt_defs *d, enum pmt_def_table table);

/* Field `f` of a defined id; 0 when it is not defined. */
uint64_t pmt_defs_field(const struct pmt_defs *d, enum pmt_def_table table,
                        uint32_t id, unsigned f);

/* The id of the class of object records with these fields (kind, what,
 * stack, type, cfunction); made when it is new. Of every four ids it has the
 * first two: those of call and line follow from their numbers
 * (pmt_call_class). */
int pmt_defs_class(struct pmt_defs *d, const uint64_t fields[PMT_DEF_FIELDS],
                   uint32_t *id);

/* Begins an epoch: nothing is stated. */
void pmt_defs_new_epoch(struct pmt_defs *d);

/* Notes that a record refers to `id`: it and all it refers to are wanted
 * unless the epoch has them. Ids that are 0 or not defined are passed over.
 * PMT_ERR_MEMORY. */
int pmt_defs_want(struct pmt_defs *d, enum pmt_def_table table, uint32_t id);

/* The same for `n` ids, most of which are stated already. */
int pmt_defs_want_all(struct pmt_defs *d, enum pmt_def_table table,
                      const uint32_t *ids, size_t n);

/* Wants all that was defined since the last call. */
int pmt_defs_want_new(struct pmt_defs *d);

/* The ids wanted in `table`, rising; borrowed until the next call that
 * wants. */
const uint32_t *pmt_defs_wanted(struct pmt_defs *d, enum pmt_def_table table,
                                size_t *count);

/* The first `count` of those wanted have been stated; the others move up. */
void pmt_defs_stated(struct pmt_defs *d, enum pmt_def_table which,
                     size_t count);

#endif
