/* expression-eval.c: does an expression hold for a record? See expression.h.
 *
 * What a test says of an id of a table never changes, so it is worked out once
 * for each id: afterwards a test costs the look-up of a byte. */
#include "expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "group.h"
#include "names.h"

#define BIT(kind) (UINT64_C(1) << PMT_KIND_##kind)

/* What a test says of ids, 0: not known yet, 1: false, 2: true. */
struct pmt_test_memo {
    uint8_t *said;
    size_t size;
};

/* ---- globs --------------------------------------------------------------- */

/* [abc], [a-z], [!a] at `p`, just behind the "["; *end behind the "]". False
 * with *end NULL: it is not closed, so "[" is itself. */
static bool class_matches(const char *p, unsigned char c, const char **end)
{
    bool negated = *p == '!' || *p == '^';
    bool found = false;
    const char *first = p += negated;

    for (; *p && (*p != ']' || p == first); p++) {
        unsigned char low = (unsigned char)*p;
        unsigned char high = low;

        if (p[1] == '-' && p[2] && p[2] != ']') {
            high = (unsigned char)p[2];
            p += 2;
        }
        found |= c >= low && c <= high;
    }
    *end = *p ? p + 1 : NULL;
    return found != negated;
}

/* One element of a pattern, not "*", against a byte; *next behind it. */
static bool one_matches(const char *p, unsigned char c, const char **next)
{
    const char *end;
    bool matches;

    *next = p + 1;
    if (*p == '?')
        return true;
    if (*p == '[') {
        matches = class_matches(p + 1, c, &end);
        if (end != NULL) {
            *next = end;
            return matches;
        }
    }
    if (*p == '\\' && p[1])
        *next = ++p + 1;
    return (unsigned char)*p == c;
}

bool pmt_glob_match(const char *pattern, struct pmt_text text)
{
    const char *star = NULL, *next;
    size_t at = 0, from = 0;

    while (at < text.length) {
        if (*pattern == '*') {
            star = ++pattern;
            from = at;
        } else if (*pattern && one_matches(pattern,
                                           (unsigned char)text.bytes[at],
                                           &next)) {
            pattern = next;
            at++;
        } else if (star != NULL) {
            pattern = star; /* the last star takes one byte more */
            at = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* ---- texts of ids -------------------------------------------------------- */

static bool matches(const struct pmt_node *node, struct pmt_text text)
{
    return text.bytes != NULL && pmt_glob_match(node->text, text);
}

/* "json.decoder" of "json/decoder". */
static bool module_matches(const struct pmt_node *node, struct pmt_text file)
{
    struct pmt_text module = pmt_group_module(file);
    bool found;
    char *dotted;

    if (module.bytes == NULL)
        return false;
    dotted = pmt_xcalloc((size_t)module.length + 1, 1);
    for (uint32_t i = 0; i < module.length; i++)
        dotted[i] = module.bytes[i] == '/' ? '.' : module.bytes[i];
    found = matches(node, (struct pmt_text){dotted, module.length});
    free(dotted);
    return found;
}

/* A frame of a stack: its file, its function, or "file:line function". */
static bool frame_matches(const struct pmt_node *node,
                          const struct pmt_code *code, uint32_t line)
{
    struct pmt_text file = code->file, function = code->function;
    size_t room = (size_t)file.length + function.length + 24;
    bool found;
    char *whole;
    int used;

    if (matches(node, file) || matches(node, function))
        return true;
    whole = pmt_xcalloc(room, 1);
    memcpy(whole, file.bytes ? file.bytes : "", file.length);
    used = snprintf(whole + file.length, 24, ":%u ", (unsigned)line);
    memcpy(whole + file.length + used, function.bytes ? function.bytes : "",
           function.length);
    found = matches(node, (struct pmt_text){
        whole, file.length + (uint32_t)used + function.length});
    free(whole);
    return found;
}

static bool stack_contains(const struct pmt_node *node,
                           const struct pmt_stream *s, uint32_t id)
{
    struct pmt_site site;
    struct pmt_code code;

    while (id != 0 && pmt_stream_site(s, id, &site)) {
        if (pmt_stream_code(s, site.code, &code) &&
            frame_matches(node, &code, site.line))
            return true;
        id = site.parent;
    }
    return false;
}

bool pmt_expression_number(const struct pmt_node *node, uint64_t number)
{
    switch (node->relation) {
    case PMT_IS:
        return number == node->number;
    case PMT_IS_NOT:
        return number != node->number;
    case PMT_BELOW:
        return number < node->number;
    case PMT_UP_TO:
        return number <= node->number;
    case PMT_ABOVE:
        return number > node->number;
    case PMT_FROM:
        break;
    }
    return number >= node->number;
}

/* A test of what is not there says neither that it is nor that it is not. */
static bool label_says(const struct pmt_node *node, const struct pmt_stream *s,
                       uint32_t id, bool *there)
{
    struct pmt_text label;

    *there = pmt_group_label(s, id, &label) && label.bytes != NULL;
    return *there && matches(node, label);
}

/* What a test of the site says, without "not". *known: the id is stated.
 * *there: it has what is asked for. */
static bool stack_says(const struct pmt_node *node, const struct pmt_stream *s,
                       uint32_t id, bool *known, bool *there)
{
    struct pmt_site site;
    struct pmt_code code;

    *known = pmt_stream_site(s, id, &site);
    if (!*known)
        return false;
    if (node->field == PMT_FIELD_STACK)
        return stack_contains(node, s, id);
    if (node->field == PMT_FIELD_LABEL)
        return label_says(node, s, id, there);
    if (node->field == PMT_FIELD_LINE)
        return pmt_expression_number(node, site.line);
    *known = pmt_stream_code(s, site.code, &code);
    if (!*known)
        return false;
    *there = code.file.bytes || node->field == PMT_FIELD_FUNCTION;
    if (node->field == PMT_FIELD_MODULE)
        return module_matches(node, code.file);
    return matches(node, node->field == PMT_FIELD_FILE ? code.file
                                                       : code.function);
}

static bool cfunction_says(const struct pmt_node *node,
                           const struct pmt_stream *s, uint32_t id,
                           bool *known)
{
    struct pmt_cfunction f;
    struct pmt_text name;
    bool found;
    char *whole;

    *known = pmt_stream_cfunction(s, id, &f);
    if (!*known || matches(node, f.name))
        return *known;
    whole = pmt_xasprintf("%.*s.%.*s", (int)f.module.length,
                          f.module.bytes ? f.module.bytes : "",
                          (int)f.name.length, f.name.bytes ? f.name.bytes : "");
    name = (struct pmt_text){whole, (uint32_t)strlen(whole)};
    found = matches(node, name);
    free(whole);
    return found;
}

static bool thread_says(const struct pmt_node *node,
                        const struct pmt_stream *s, uint32_t id, bool *known)
{
    struct pmt_thread thread;
    char name[PMT_NAME_SIZE];
    size_t length;

    *known = pmt_stream_thread(s, id, &thread);
    if (!*known || thread.name.bytes != NULL)
        return *known && matches(node, thread.name);
    length = pmt_name_thread(name, sizeof name, s, id);
    return matches(node, (struct pmt_text){name, (uint32_t)length});
}

static bool id_says(const struct pmt_node *node, const struct pmt_stream *s,
                    uint32_t id, bool *known, bool *there)
{
    struct pmt_type type;

    *there = true;
    switch ((unsigned)node->field) {
    case PMT_FIELD_THREAD:
        return thread_says(node, s, id, known);
    case PMT_FIELD_TYPE:
        *known = pmt_stream_type(s, id, &type);
        return *known && matches(node, type.name);
    case PMT_FIELD_CFUNCTION:
        return cfunction_says(node, s, id, known);
    default:
        return stack_says(node, s, id, known, there);
    }
}

/* ---- memory of what was said --------------------------------------------- */

static struct pmt_test_memo *memo_of(struct pmt_node *node, size_t place)
{
    if (place >= node->memo_count) {
        size_t count = place + 1;

        node->memos = pmt_xreallocarray(node->memos, count,
                                        sizeof *node->memos);
        memset(node->memos + node->memo_count, 0,
               (count - node->memo_count) * sizeof *node->memos);
        node->memo_count = count;
    }
    return &node->memos[place];
}

static uint8_t *said_of(struct pmt_test_memo *memo, uint32_t id)
{
    if (id >= memo->size) {
        size_t size = (size_t)id + id / 2 + 64;

        memo->said = pmt_xreallocarray(memo->said, size, 1);
        memset(memo->said + memo->size, 0, size - memo->size);
        memo->size = size;
    }
    return &memo->said[id];
}

static bool remembered(struct pmt_node *node, const struct pmt_stream *s,
                       size_t place, uint32_t id)
{
    struct pmt_test_memo *memo;
    bool known, there, holds;
    uint8_t *said;

    if (id == 0)
        return false;
    if (place < node->memo_count && id < node->memos[place].size &&
        node->memos[place].said[id])
        return node->memos[place].said[id] == 2;
    holds = id_says(node, s, id, &known, &there);
    /* `!=` of what is there. */
    holds = known && there && (holds != (node->relation == PMT_IS_NOT &&
                                node->field != PMT_FIELD_LINE));
    if (known) { /* another chunk may state it yet */
        memo = memo_of(node, place);
        said = said_of(memo, id);
        *said = holds ? 2 : 1;
    }
    return holds;
}

void pmt_expression_forget(struct pmt_expression *x, size_t place)
{
    for (size_t i = 0; i < x->count; i++)
        if (place < x->nodes[i].memo_count) {
            free(x->nodes[i].memos[place].said);
            x->nodes[i].memos[place] = (struct pmt_test_memo){NULL, 0};
        }
}

/* ---- one test ------------------------------------------------------------ */

static bool word_is(const struct pmt_node *node, const char *word)
{
    struct pmt_text text = {word, word ? (uint32_t)strlen(word) : 0};

    return word && pmt_glob_match(node->text, text) !=
                       (node->relation == PMT_IS_NOT);
}

/* "python3 app.py". */
static bool process_is(const struct pmt_node *node,
                       const struct pmt_stream_header *h)
{
    size_t room = 1;
    bool found;
    char *all, *to;

    if (h->argv == NULL || h->argc == 0)
        return h->executable.bytes &&
               matches(node, h->executable) != (node->relation == PMT_IS_NOT);
    for (size_t i = 0; i < h->argc; i++)
        room += (size_t)h->argv[i].length + 1;
    to = all = pmt_xcalloc(room, 1);
    for (size_t i = 0; i < h->argc; i++) {
        if (i > 0)
            *to++ = ' ';
        memcpy(to, h->argv[i].bytes, h->argv[i].length);
        to += h->argv[i].length;
    }
    found = matches(node, (struct pmt_text){all, (uint32_t)(to - all)});
    free(all);
    return found != (node->relation == PMT_IS_NOT);
}

/* A test that says the same of all records of a stream. */
static bool stream_says(const struct pmt_node *node,
                        const struct pmt_stream *s)
{
    const struct pmt_stream_header *h = pmt_stream_header(s);
    char key[PMT_KEY_SIZE];

    if (node->field == PMT_FIELD_PID)
        return h->has_pid && pmt_expression_number(node, h->pid);
    if (node->field == PMT_FIELD_STREAM)
        return word_is(node, pmt_name_key(key, pmt_stream_key(s)));
    return process_is(node, h);
}

/* Kinds whose records may have the field. */
static uint64_t kinds_with(enum pmt_field field)
{
    const uint64_t sites = BIT(CALL) | BIT(LINE) | BIT(OBJECT) | BIT(ALLOC) |
                           BIT(SNAPSHOT);

    switch (field) {
    case PMT_FIELD_THREAD:
        return BIT(CALL) | BIT(LINE) | BIT(OBJECT) | BIT(ALLOC) | BIT(SAMPLE) |
               BIT(HEAP) | BIT(MARK) | BIT(GC);
    case PMT_FIELD_TYPE:
        return BIT(OBJECT) | BIT(SNAPSHOT);
    case PMT_FIELD_FILE:
    case PMT_FIELD_FUNCTION:
    case PMT_FIELD_MODULE:
    case PMT_FIELD_LINE:
    case PMT_FIELD_STACK:
    case PMT_FIELD_LABEL:
        return sites;
    case PMT_FIELD_CFUNCTION:
        return BIT(CALL);
    case PMT_FIELD_SIZE:
    case PMT_FIELD_LIVED:
    case PMT_FIELD_ALIVE:
        return BIT(OBJECT) | BIT(ALLOC);
    case PMT_FIELD_DOMAIN:
        return BIT(ALLOC) | BIT(SNAPSHOT);
    case PMT_FIELD_TEXT:
        return BIT(MARK) | BIT(SNAPSHOT);
    case PMT_FIELD_KIND:
    case PMT_FIELD_PROCESS:
    case PMT_FIELD_PID:
    case PMT_FIELD_STREAM:
    case PMT_FIELD_TIME:
    case PMT_FIELDS:
        break;
    }
    return UINT64_MAX;
}

static bool test_holds(struct pmt_node *node, const struct pmt_stream *s,
                       size_t place, const struct pmt_subject *subject)
{
    switch (node->field) {
    case PMT_FIELD_KIND:
        return word_is(node, pmt_kind_name(subject->kind));
    case PMT_FIELD_PID:
        return subject->has_pid ? pmt_expression_number(node, subject->pid)
                                : stream_says(node, s);
    case PMT_FIELD_PROCESS:
    case PMT_FIELD_STREAM:
        return stream_says(node, s);
    case PMT_FIELD_THREAD:
        return remembered(node, s, place, subject->thread);
    case PMT_FIELD_TYPE:
        return remembered(node, s, place, subject->type);
    case PMT_FIELD_CFUNCTION:
        return remembered(node, s, place, subject->cfunction);
    case PMT_FIELD_SIZE:
        return subject->has_size && pmt_expression_number(node, subject->size);
    case PMT_FIELD_DOMAIN:
        return subject->has_domain &&
               word_is(node, pmt_domain_name(subject->domain));
    case PMT_FIELD_TEXT:
        return subject->text.bytes != NULL &&
               matches(node, subject->text) != (node->relation == PMT_IS_NOT);
    case PMT_FIELD_LIVED:
    case PMT_FIELD_ALIVE:
        return subject->lives >> node->life & 1;
    case PMT_FIELD_FILE:
    case PMT_FIELD_FUNCTION:
    case PMT_FIELD_MODULE:
    case PMT_FIELD_LINE:
    case PMT_FIELD_STACK:
    case PMT_FIELD_LABEL:
        return remembered(node, s, place, subject->stack);
    case PMT_FIELD_TIME: /* the caller's: a window */
    case PMT_FIELDS:
        break;
    }
    return true;
}

static bool holds(struct pmt_expression *x, int at, const struct pmt_stream *s,
                  size_t place, const struct pmt_subject *subject)
{
    struct pmt_node *node = &x->nodes[at];

    switch (node->type) {
    case PMT_NODE_AND:
        return holds(x, node->left, s, place, subject) &&
               holds(x, node->right, s, place, subject);
    case PMT_NODE_OR:
        return holds(x, node->left, s, place, subject) ||
               holds(x, node->right, s, place, subject);
    case PMT_NODE_NOT:
        return !holds(x, node->left, s, place, subject);
    case PMT_NODE_TEST:
        break;
    }
    return test_holds(node, s, place, subject);
}

bool pmt_expression_holds(struct pmt_expression *x, const struct pmt_stream *s,
                          size_t place, const struct pmt_subject *subject)
{
    return x->root < 0 || holds(x, x->root, s, place, subject);
}

/* ---- all records of a kind ----------------------------------------------- */

static enum pmt_certainty of_test(struct pmt_node *node,
                                  const struct pmt_stream *s, uint32_t kind)
{
    if (node->field == PMT_FIELD_TIME)
        return PMT_ALWAYS;
    if (node->field == PMT_FIELD_KIND)
        return word_is(node, pmt_kind_name(kind)) ? PMT_ALWAYS : PMT_NEVER;
    if (node->field == PMT_FIELD_PROCESS || node->field == PMT_FIELD_STREAM ||
        (node->field == PMT_FIELD_PID && kind != PMT_KIND_SAMPLE &&
         kind != PMT_KIND_HEAP && kind != PMT_KIND_PROCESS))
        return stream_says(node, s) ? PMT_ALWAYS : PMT_NEVER;
    return kind < 64 && kinds_with(node->field) >> kind & 1 ? PMT_SOMETIMES
                                                            : PMT_NEVER;
}

static enum pmt_certainty of_node(struct pmt_expression *x, int at,
                                  const struct pmt_stream *s, uint32_t kind)
{
    struct pmt_node *node = &x->nodes[at];
    enum pmt_certainty left, right;

    if (node->type == PMT_NODE_TEST)
        return of_test(node, s, kind);
    left = of_node(x, node->left, s, kind);
    if (node->type == PMT_NODE_NOT)
        return (enum pmt_certainty)(PMT_ALWAYS - left);
    right = of_node(x, node->right, s, kind);
    if (node->type == PMT_NODE_AND)
        return left < right ? left : right;
    return left > right ? left : right;
}

enum pmt_certainty pmt_expression_of_kind(struct pmt_expression *x,
                                          const struct pmt_stream *s,
                                          uint32_t kind)
{
    return x->root < 0 ? PMT_ALWAYS : of_node(x, x->root, s, kind);
}
