/*
 * expression-private.h: what reading and writing an expression share, for the
 * files expression*.c only.
 *
 *   expression.c        its nodes, and writing it
 *   expression-parse.c  reading it
 *   expression-eval.c   is it true of a record?
 */
#ifndef PMT_EXPRESSION_PRIVATE_H
#define PMT_EXPRESSION_PRIVATE_H

#include "expression.h"

/* By enum pmt_field, ends with NULL; by enum pmt_relation. */
extern const char *const pmt_field_names[PMT_FIELDS + 1];
extern const char *const pmt_relation_names[];

/* Does `c` end a word that is not quoted? */
bool pmt_expression_ends_word(char c);

/* Adds a node; its number. */
int pmt_expression_node(struct pmt_expression *x, enum pmt_node_type type,
                        int left, int right);

#endif
