/* expression.c: the nodes of an expression, and writing it; see
 * expression.h. */
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "expression-private.h"

const char *const pmt_field_names[PMT_FIELDS + 1] = {
    "kind", "process", "pid", "stream", "thread", "type", "file", "function",
    "module", "line", "cfunction", "stack", "label", "size", "domain", "text",
    "lived", "alive", "time", NULL};

const char *const pmt_relation_names[] = {"==", "!=", "<", "<=", ">", ">="};

bool pmt_expression_ends_word(char c)
{
    return c == '\0' || strchr(" \t\n\r\v\f()\"<>=&|", c) != NULL;
}

/* ---- nodes --------------------------------------------------------------- */

int pmt_expression_node(struct pmt_expression *x, enum pmt_node_type type,
                        int left, int right)
{
    if (x->count == x->capacity) {
        x->capacity = x->capacity * 2 + 8;
        x->nodes = pmt_xreallocarray(x->nodes, x->capacity, sizeof *x->nodes);
    }
    x->nodes[x->count] = (struct pmt_node){
        .type = type, .left = left, .right = right};
    return (int)x->count++;
}

void pmt_expression_init(struct pmt_expression *x)
{
    *x = (struct pmt_expression){.root = -1};
}

void pmt_expression_release(struct pmt_expression *x)
{
    size_t places = 0;

    for (size_t i = 0; i < x->count; i++)
        if (x->nodes[i].memo_count > places)
            places = x->nodes[i].memo_count;
    while (places-- > 0)
        pmt_expression_forget(x, places);
    for (size_t i = 0; i < x->count; i++) {
        free(x->nodes[i].memos);
        free(x->nodes[i].text);
        pmt_moment_release(&x->nodes[i].moment);
    }
    free(x->nodes);
    pmt_expression_init(x);
}

const struct pmt_node *pmt_expression_test(const struct pmt_expression *x,
                                           enum pmt_field field, size_t index)
{
    for (size_t i = 0; i < x->count; i++)
        if (x->nodes[i].type == PMT_NODE_TEST && x->nodes[i].field == field &&
            index-- == 0)
            return &x->nodes[i];
    return NULL;
}

/* ---- writing ------------------------------------------------------------- */

struct writing {
    char *bytes;
    size_t used, room;
};

static void put(struct writing *w, const char *text, size_t length)
{
    if (w->used + length + 1 > w->room) {
        w->room = (w->used + length + 1) * 2;
        w->bytes = pmt_xreallocarray(w->bytes, w->room, 1);
    }
    memcpy(w->bytes + w->used, text, length);
    w->used += length;
    w->bytes[w->used] = '\0';
}

static void put_string(struct writing *w, const char *text)
{
    put(w, text, strlen(text));
}

static void put_value(struct writing *w, const char *text)
{
    bool plain = *text != '\0' && *text != '!' && strcmp(text, "and") &&
                 strcmp(text, "or") && strcmp(text, "not");

    for (const char *c = text; *c; c++)
        plain = plain && !pmt_expression_ends_word(*c);
    if (plain) {
        put_string(w, text);
        return;
    }
    put(w, "\"", 1);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || (*c == '\\' && c[1] == '\0'))
            put(w, "\\", 1);
        else if (*c == '\\')
            put(w, c++, 1);
        put(w, c, 1);
    }
    put(w, "\"", 1);
}

static void put_node(struct writing *w, const struct pmt_expression *x, int at,
                     enum pmt_node_type above)
{
    const struct pmt_node *node = &x->nodes[at];
    bool parens = node->type == PMT_NODE_OR && above != PMT_NODE_OR &&
                  above != PMT_NODE_TEST;

    parens |= node->type == PMT_NODE_AND && above == PMT_NODE_NOT;
    if (parens)
        put(w, "(", 1);
    if (node->type == PMT_NODE_NOT) {
        put_string(w, "not ");
        put_node(w, x, node->left, PMT_NODE_NOT);
    } else if (node->type != PMT_NODE_TEST) {
        put_node(w, x, node->left, node->type);
        put_string(w, node->type == PMT_NODE_AND ? " and " : " or ");
        put_node(w, x, node->right, node->type);
    } else {
        put_string(w, pmt_field_names[node->field]);
        put(w, " ", 1);
        put_string(w, node->field == PMT_FIELD_STACK   ? "contains"
                      : node->field == PMT_FIELD_ALIVE ? "at"
                                           : pmt_relation_names[node->relation]);
        put(w, " ", 1);
        put_value(w, node->text);
    }
    if (parens)
        put(w, ")", 1);
}

static void collect(const struct pmt_expression *x, int at, char ***texts,
                    size_t *count)
{
    const struct pmt_node *node = &x->nodes[at];
    struct writing w = {0};

    if (node->type == PMT_NODE_AND) {
        collect(x, node->left, texts, count);
        collect(x, node->right, texts, count);
        return;
    }
    put_node(&w, x, at, PMT_NODE_TEST);
    *texts = pmt_xreallocarray(*texts, *count + 1, sizeof **texts);
    (*texts)[(*count)++] = w.bytes;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **pmt_expression_texts(const struct pmt_expression *x, size_t *count)
{
    char **texts = NULL;
    size_t kept = 0;

    *count = 0;
    if (x->root >= 0)
        collect(x, x->root, &texts, count);
    if (*count > 0)
        qsort(texts, *count, sizeof *texts, by_bytes);
    for (size_t i = 0; i < *count; i++) {
        if (kept > 0 && !strcmp(texts[kept - 1], texts[i]))
            free(texts[i]);
        else
            texts[kept++] = texts[i];
    }
    *count = kept;
    return texts;
}
