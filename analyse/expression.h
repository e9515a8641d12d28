/*
 * expression.h: what `pmt filter` keeps, as a condition on records.
 *
 *     any        = all { ("or" | "||") all }
 *     all        = one { ("and" | "&&") one }
 *     one        = ("not" | "!") one | "(" any ")" | test
 *     test       = FIELD ("==" | "=" | "!=") PATTERN
 *                | FIELD ("==" | "=" | "!=" | "<" | "<=" | ">" | ">=") NUMBER
 *                | "stack" "contains" PATTERN
 *                | "alive" "at" MOMENT
 *
 * A value is a word or "quoted"; in quotes \ makes the next character plain.
 * Patterns are globs (* ? [a-z]). A test of what a record does not have is
 * false. `time` may only be joined by `and` to the rest.
 *
 * Never prints. Threads: one at a time per expression.
 */
#ifndef PMT_EXPRESSION_H
#define PMT_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/moment.h"
#include "pmt/reader.h"

enum pmt_field {
    PMT_FIELD_KIND,
    PMT_FIELD_PROCESS,   /* command line of the stream's process */
    PMT_FIELD_PID,
    PMT_FIELD_STREAM,    /* key, 16 hex digits */
    PMT_FIELD_THREAD,    /* name */
    PMT_FIELD_TYPE,
    PMT_FIELD_FILE,      /* of the innermost site, as the three below */
    PMT_FIELD_FUNCTION,
    PMT_FIELD_MODULE,    /* the file's name without folders and ".py" */
    PMT_FIELD_LINE,
    PMT_FIELD_CFUNCTION, /* module.name */
    PMT_FIELD_STACK,     /* contains */
    PMT_FIELD_LABEL,
    PMT_FIELD_SIZE,      /* bytes */
    PMT_FIELD_DOMAIN,
    PMT_FIELD_TEXT,      /* of a mark; name of a snapshot */
    PMT_FIELD_LIVED,     /* ns */
    PMT_FIELD_ALIVE,     /* at a moment */
    PMT_FIELD_TIME,      /* at a moment; joined by "and" only */
    PMT_FIELDS
};

enum pmt_relation { PMT_IS, PMT_IS_NOT, PMT_BELOW, PMT_UP_TO, PMT_ABOVE,
                    PMT_FROM };

enum pmt_node_type { PMT_NODE_TEST, PMT_NODE_NOT, PMT_NODE_AND, PMT_NODE_OR };

struct pmt_test_memo;

struct pmt_node {
    enum pmt_node_type type;
    int left, right;           /* nodes; -1: none */
    /* of a test */
    enum pmt_field field;
    enum pmt_relation relation;
    char *text;                /* the value as it was written; owned */
    uint64_t number;
    struct pmt_moment moment;  /* alive, time */
    unsigned life;             /* alive, lived: 0, 1, ..., the bit below */
    struct pmt_test_memo *memos; /* private: by stream */
    size_t memo_count;
};

/* Nodes of an expression; more cost only time, but the depth is limited. */
#define PMT_EXPRESSION_DEPTH 200
#define PMT_EXPRESSION_LIVES 64

struct pmt_expression {
    struct pmt_node *nodes;
    size_t count, capacity;
    int root;                  /* -1: nothing is asked for, all is true */
    unsigned lives;            /* tests by `alive` and `lived` */
};

/* Zeroed, with root -1. */
void pmt_expression_init(struct pmt_expression *x);
void pmt_expression_release(struct pmt_expression *x);

/*
 * Adds what `text` says by "and" to `x`. Returns 0, or -1 with the reason in
 * `why`: "column 7: a value is missing"; `x` is then as it was but for nodes
 * that nothing leads to.
 */
int pmt_expression_add(struct pmt_expression *x, const char *text, char *why,
                       size_t why_size);

/* The same for `time >= MOMENT` and so on. */
int pmt_expression_add_time(struct pmt_expression *x,
                            enum pmt_relation relation, const char *moment,
                            char *why, size_t why_size);

/*
 * The conditions that are joined by "and", each in one form of writing, sorted
 * by their bytes, each once. *count of them. Free each, and the array.
 */
char **pmt_expression_texts(const struct pmt_expression *x, size_t *count);

/* The `index`th test by `field`, or NULL: for times and lives. */
const struct pmt_node *pmt_expression_test(const struct pmt_expression *x,
                                           enum pmt_field field,
                                           size_t index);

/* ---- evaluation ---------------------------------------------------------- */

/* What a record, or the block that it is about, has. Ids are of the tables of
 * the stream; 0: none. */
struct pmt_subject {
    uint32_t kind;           /* enum pmt_kind */
    uint32_t thread, stack, type, cfunction;
    bool has_pid;            /* of the record; else that of the stream */
    bool has_size, has_domain;
    uint8_t domain;
    uint64_t pid;
    uint64_t size;           /* bytes */
    struct pmt_text text;    /* bytes NULL: none */
    uint64_t lives;          /* bit i: test `life` i is true */
};

/* `place` is the caller's number of the stream: 0, 1, ... */
bool pmt_expression_holds(struct pmt_expression *x, const struct pmt_stream *s,
                          size_t place, const struct pmt_subject *subject);

/* What is known of all records of a kind in a stream. */
enum pmt_certainty { PMT_NEVER, PMT_SOMETIMES, PMT_ALWAYS };
enum pmt_certainty pmt_expression_of_kind(struct pmt_expression *x,
                                          const struct pmt_stream *s,
                                          uint32_t kind);

/* Does `number` stand in the relation of the test to its number? */
bool pmt_expression_number(const struct pmt_node *node, uint64_t number);

/* Stream `place` has begun again: its ids have other meanings. */
void pmt_expression_forget(struct pmt_expression *x, size_t place);

/* Does `pattern`, a glob, match all of the text? Bytes are compared; of a
 * class the bytes too. */
bool pmt_glob_match(const char *pattern, struct pmt_text text);

#endif
