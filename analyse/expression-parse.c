/* expression-parse.c: reading expressions; see expression-private.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"
#include "cli/text.h"
#include "cli/value.h"
#include "cli/xalloc.h"
#include "expression-private.h"
#include "names.h"

static const char *const domain_names[] = {"raw", "mem", "obj", "native",
                                           NULL};

/* ---- words --------------------------------------------------------------- */

enum token { T_END, T_WORD, T_TEXT, T_OPEN, T_CLOSE, T_RELATION, T_NOT, T_AND,
             T_OR, T_WRONG };

struct parser {
    struct pmt_expression *x;
    const char *start, *at;
    enum token token;      /* the one ahead, */
    const char *from;      /* where it begins, */
    char *value;           /* of WORD and TEXT, owned, */
    enum pmt_relation relation;
    unsigned depth;
    char *why;
    size_t why_size;
    bool failed;
};

__attribute__((format(printf, 3, 4))) static int
fail(struct parser *p, const char *at, const char *format, ...)
{
    va_list args;
    int used;

    if (p->failed)
        return -1;
    p->failed = true;
    used = snprintf(p->why, p->why_size, "column %zu: ",
                    (size_t)(at - p->start) + 1);
    va_start(args, format);
    if (used > 0 && (size_t)used < p->why_size)
        vsnprintf(p->why + used, p->why_size - (size_t)used, format, args);
    va_end(args);
    return -1;
}

/* What ends a word. */

/* "text"; \ before a character makes it plain in the pattern as well. */
static enum token take_quoted(struct parser *p)
{
    const char *from = p->at++;
    size_t used = 0;

    p->value = pmt_xcalloc(strlen(from) + 1, 1);
    while (*p->at && *p->at != '"') {
        if (*p->at == '\\' && p->at[1] == '"')
            p->at++;
        else if (*p->at == '\\' && p->at[1])
            p->value[used++] = *p->at++;
        p->value[used++] = *p->at++;
    }
    if (*p->at++ == '"')
        return T_TEXT;
    p->at--;
    fail(p, from, "the quote is not closed");
    return T_WRONG;
}

static enum token take_word(struct parser *p)
{
    size_t length = 0;

    while (!pmt_expression_ends_word(p->at[length]))
        length++;
    p->value = pmt_xcalloc(length + 1, 1);
    memcpy(p->value, p->at, length);
    p->at += length;
    if (!strcmp(p->value, "and"))
        return T_AND;
    if (!strcmp(p->value, "or"))
        return T_OR;
    return strcmp(p->value, "not") ? T_WORD : T_NOT;
}

/* == != < <= > >= and the rest of what is no word. */
static enum token take_sign(struct parser *p)
{
    static const struct {
        const char *sign;
        enum token token;
        enum pmt_relation relation;
    } signs[] = {
        {"==", T_RELATION, PMT_IS},   {"!=", T_RELATION, PMT_IS_NOT},
        {"<=", T_RELATION, PMT_UP_TO}, {">=", T_RELATION, PMT_FROM},
        {"<", T_RELATION, PMT_BELOW}, {">", T_RELATION, PMT_ABOVE},
        {"=", T_RELATION, PMT_IS},    {"&&", T_AND, PMT_IS},
        {"||", T_OR, PMT_IS},         {"(", T_OPEN, PMT_IS},
        {")", T_CLOSE, PMT_IS},       {"!", T_NOT, PMT_IS},
    };

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strncmp(p->at, signs[i].sign, strlen(signs[i].sign)))
            continue;
        p->at += strlen(signs[i].sign);
        p->relation = signs[i].relation;
        return signs[i].token;
    }
    return T_WORD;
}

static void advance(struct parser *p)
{
    free(p->value);
    p->value = NULL;
    while (*p->at && strchr(" \t\n\r\v\f", *p->at))
        p->at++;
    p->from = p->at;
    if (!*p->at) {
        p->token = T_END;
        return;
    }
    if (*p->at == '"') {
        p->token = take_quoted(p);
        return;
    }
    p->token = take_sign(p);
    if (p->token == T_WORD && pmt_expression_ends_word(*p->at)) {
        fail(p, p->at, "\"%c\" is no sign (&& and || are)", *p->at);
        p->token = T_WRONG;
    } else if (p->token == T_WORD) {
        p->token = take_word(p);
    }
}

/* ---- tests --------------------------------------------------------------- */

static bool is_number(enum pmt_field field)
{
    return field == PMT_FIELD_PID || field == PMT_FIELD_LINE ||
           field == PMT_FIELD_SIZE || field == PMT_FIELD_LIVED;
}

static int name_of(const char *const *names, const char *word)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(names[i], word))
            return i;
    return -1;
}

static int wrong_word(struct parser *p, const char *at, const char *what,
                      const char *const *names, const char *word)
{
    const char *near = NULL;
    size_t distance = 0;
    char shown[60];

    for (size_t i = 0; names[i]; i++)
        pmt_suggest_offer(word, names[i], &near, &distance);
    pmt_text_escape(shown, sizeof shown, word, strlen(word));
    return near ? fail(p, at, "no %s \"%s\" (did you mean %s?)", what, shown,
                       near)
                : fail(p, at, "no %s \"%s\"", what, shown);
}

/* The number of a test; its units are those of the field. */
static int take_number(struct parser *p, struct pmt_node *node)
{
    char why[160];
    int64_t number = 0;
    bool good;

    if (node->field == PMT_FIELD_SIZE)
        good = pmt_value_size(p->value, &node->number, why, sizeof why);
    else if (node->field == PMT_FIELD_LIVED)
        good = pmt_value_duration(p->value, &node->number, why, sizeof why);
    else {
        good = pmt_value_int(p->value, 0, INT64_MAX, &number, why, sizeof why);
        node->number = (uint64_t)number;
    }
    return good ? 0 : fail(p, p->from, "%s", why);
}

static int take_moment(struct parser *p, struct pmt_node *node)
{
    char why[160];
    const char *text = p->value + (*p->value == '@');

    return pmt_moment_parse(text, &node->moment, why, sizeof why)
               ? fail(p, p->from, "%s", why)
               : 0;
}

static int take_value(struct parser *p, struct pmt_node *node)
{
    int found;

    if (p->token != T_WORD && p->token != T_TEXT)
        return fail(p, p->from, "a value is missing");
    node->text = pmt_xstrdup(p->value);
    if (is_number(node->field) && take_number(p, node))
        return -1;
    if ((node->field == PMT_FIELD_ALIVE || node->field == PMT_FIELD_TIME) &&
        take_moment(p, node))
        return -1;
    if (node->field == PMT_FIELD_DOMAIN && !strpbrk(p->value, "*?[")) {
        found = name_of(domain_names, p->value);
        if (found < 0)
            return wrong_word(p, p->from, "domain", domain_names, p->value);
    }
    if (node->field == PMT_FIELD_KIND && !strpbrk(p->value, "*?[")) {
        found = name_of(pmt_kind_names, p->value);
        if (found < 0)
            return wrong_word(p, p->from, "kind", pmt_kind_names, p->value);
    }
    advance(p);
    return 0;
}

/* The relation, which must be one that the field has. */
static int take_relation(struct parser *p, struct pmt_node *node)
{
    const char *name = pmt_field_names[node->field];
    bool order = is_number(node->field) || node->field == PMT_FIELD_TIME;

    if (node->field == PMT_FIELD_STACK || node->field == PMT_FIELD_ALIVE) {
        const char *word = node->field == PMT_FIELD_STACK ? "contains" : "at";

        if (p->token != T_WORD || strcmp(p->value, word))
            return fail(p, p->from, "\"%s\" must stand behind \"%s\"", word,
                        name);
        node->relation = PMT_IS;
        advance(p);
        return 0;
    }
    if (p->token != T_RELATION)
        return fail(p, p->from, "%s must stand behind \"%s\"",
                    order ? "==, !=, <, <=, > or >=" : "== or !=", name);
    if (!order && p->relation > PMT_IS_NOT)
        return fail(p, p->from, "\"%s\" has no order: == or !=", name);
    if (node->field == PMT_FIELD_TIME && p->relation <= PMT_IS_NOT)
        return fail(p, p->from, "\"time\" takes <, <=, > or >=");
    node->relation = p->relation;
    advance(p);
    return 0;
}

static int take_test(struct parser *p)
{
    struct pmt_node node = {.type = PMT_NODE_TEST, .left = -1, .right = -1};
    int field = p->token == T_WORD ? name_of(pmt_field_names, p->value) : -1;
    int at;

    if (p->token == T_END)
        return fail(p, p->from, "a test is missing");
    if (p->token != T_WORD)
        return fail(p, p->from, "a field is missing (kind, type, file, ...)");
    if (field < 0)
        return wrong_word(p, p->from, "field", pmt_field_names, p->value);
    node.field = (enum pmt_field)field;
    advance(p);
    if (p->failed || take_relation(p, &node) || p->failed ||
        take_value(p, &node)) {
        free(node.text);
        pmt_moment_release(&node.moment);
        return -1;
    }
    at = pmt_expression_node(p->x, PMT_NODE_TEST, -1, -1);
    p->x->nodes[at] = node;
    return at;
}

/* ---- the grammar --------------------------------------------------------- */

static int take_any(struct parser *p);

static int take_one(struct parser *p)
{
    const char *from = p->from;
    int inner;

    if (p->failed)
        return -1;
    if (++p->depth > PMT_EXPRESSION_DEPTH)
        return fail(p, from, "nested deeper than %d", PMT_EXPRESSION_DEPTH);
    if (p->token == T_NOT) {
        advance(p);
        inner = take_one(p);
        if (inner >= 0)
            inner = pmt_expression_node(p->x, PMT_NODE_NOT, inner, -1);
    } else if (p->token == T_OPEN) {
        advance(p);
        inner = take_any(p);
        if (inner >= 0 && p->token != T_CLOSE)
            return fail(p, p->from, "\")\" is missing");
        advance(p);
    } else {
        inner = take_test(p);
    }
    p->depth--;
    return p->failed ? -1 : inner;
}

static int take_list(struct parser *p, enum token token,
                     enum pmt_node_type type, int (*take)(struct parser *))
{
    int left = take(p);

    while (left >= 0 && !p->failed && p->token == token) {
        int right;

        advance(p);
        right = take(p);
        left = right < 0 ? -1 : pmt_expression_node(p->x, type, left, right);
    }
    return p->failed ? -1 : left;
}

static int take_all(struct parser *p)
{
    return take_list(p, T_AND, PMT_NODE_AND, take_one);
}

static int take_any(struct parser *p)
{
    return take_list(p, T_OR, PMT_NODE_OR, take_all);
}

/* ---- what goes for the whole --------------------------------------------- */

/* True when `time` stands in the tree but for where only "and" leads. */
static bool time_below(const struct pmt_expression *x, int at, bool joined)
{
    const struct pmt_node *node = &x->nodes[at];

    if (node->type == PMT_NODE_TEST)
        return node->field == PMT_FIELD_TIME && !joined;
    joined = joined && node->type == PMT_NODE_AND;
    return time_below(x, node->left, joined) ||
           (node->right >= 0 && time_below(x, node->right, joined));
}

/* Numbers the tests of lives below a node. */
static void number_lives(struct pmt_expression *x, int at)
{
    struct pmt_node *node = &x->nodes[at];

    if (node->type == PMT_NODE_TEST) {
        if (node->field == PMT_FIELD_ALIVE || node->field == PMT_FIELD_LIVED)
            node->life = x->lives++;
        return;
    }
    number_lives(x, node->left);
    if (node->right >= 0)
        number_lives(x, node->right);
}

static int join(struct pmt_expression *x, int added, char *why,
                size_t why_size)
{
    unsigned lives = x->lives;

    number_lives(x, added);
    if (x->lives > PMT_EXPRESSION_LIVES) {
        x->lives = lives;
        snprintf(why, why_size, "more than %d tests of lives",
                 PMT_EXPRESSION_LIVES);
        return -1;
    }
    x->root = x->root < 0 ? added
                          : pmt_expression_node(x, PMT_NODE_AND, x->root, added);
    return 0;
}

int pmt_expression_add(struct pmt_expression *x, const char *text, char *why,
                       size_t why_size)
{
    struct parser p = {.x = x, .start = text, .at = text, .why = why,
                       .why_size = why_size};
    int added;

    advance(&p);
    added = p.failed ? -1 : take_any(&p);
    if (!p.failed && p.token != T_END)
        added = fail(&p, p.from, "\"and\" or \"or\" is missing");
    if (added >= 0 && time_below(x, added, true))
        added = fail(&p, text, "\"time\" can only be joined by \"and\" to "
                               "the rest");
    free(p.value);
    return added < 0 ? -1 : join(x, added, why, why_size);
}

int pmt_expression_add_time(struct pmt_expression *x,
                            enum pmt_relation relation, const char *moment,
                            char *why, size_t why_size)
{
    struct pmt_moment found;
    int at;

    moment += *moment == '@';
    if (pmt_moment_parse(moment, &found, why, why_size))
        return -1;
    at = pmt_expression_node(x, PMT_NODE_TEST, -1, -1);
    x->nodes[at].field = PMT_FIELD_TIME;
    x->nodes[at].relation = relation;
    x->nodes[at].text = pmt_xstrdup(moment);
    x->nodes[at].moment = found;
    return join(x, at, why, why_size);
}
