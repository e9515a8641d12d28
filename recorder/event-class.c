/*
 * event-class.c - the classes of call and line events (event-class.h).
 *
 *   rec_class_map   key -> KNOWN | number
 *   first_of        code object's address -> a key made for it
 *   next_of         key -> another key made for the same code object
 *   classes         kind, what, stack, C function -> number
 *   functions       definition of a C function -> id
 *   names           hash of name and module -> id
 */
#include "event-class.h"

#include <errno.h>

#include "define.h"
#include "filter.h"
#include "pmt/record.h"
#include "stacks.h"

#define KEYS_LIMIT (2u << 20)
#define FUNCTION_LIMIT ((UINT32_C(1) << 20) - 1)

struct rec_map rec_class_map;

/* Guarded by rec_lock. */
static struct rec_map first_of, next_of, classes, functions, names;
static uint32_t class_count, function_count;

static char name_text[REC_TEXT_MAX / 2], module_text[REC_TEXT_MAX / 2];

static int start(void)
{
    /* In every mode: where an audit hook forbids to take a profile function
     * out, its events go on to come. */
    if (rec_map_init(&rec_class_map, KEYS_LIMIT, false, true) != 0 ||
        rec_map_init(&first_of, KEYS_LIMIT, false, false) != 0 ||
        rec_map_init(&next_of, KEYS_LIMIT, false, true) != 0 ||
        rec_map_init(&classes, REC_CLASS_LIMIT, false, false) != 0 ||
        rec_map_init(&functions, KEYS_LIMIT, false, false) != 0 ||
        rec_map_init(&names, FUNCTION_LIMIT, false, true) != 0)
        return -1;
    return 0;
}

static void stop(void)
{
    struct rec_map *const maps[] = {&rec_class_map, &first_of, &next_of,
                                    &classes, &functions, &names};

    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        if (maps[i]->now != NULL)
            rec_map_release(maps[i]);
    class_count = function_count = 0;
}

static void forget_keys(void)
{
    rec_map_clear(&rec_class_map);
    rec_map_clear(&first_of);
    rec_map_clear(&next_of);
}

/* Code objects and types may have died unseen. */
static void resumed(bool inner)
{
    (void)inner;
    forget_keys();
    rec_map_clear(&functions);
}

static const struct rec_saved state[] = {
    REC_SAVED(rec_class_map), REC_SAVED(first_of), REC_SAVED(next_of),
    REC_SAVED(classes), REC_SAVED(functions), REC_SAVED(names),
    REC_SAVED(class_count), REC_SAVED(function_count), {NULL, 0}};

const struct rec_part rec_part_classes = {
    .start = start, .stop = stop, .resumed = resumed, .saved = state};

/* ---- the death of code objects ---------------------------------------------- */

void rec_class_code_died(const void *code)
{
    struct rec_pair *first, *pair;

    if (first_of.now == NULL)
        return;
    first = rec_map_find(&first_of, (uint64_t)(uintptr_t)code);
    if (first == NULL)
        return;
    for (uint64_t key = first->value; key != 0;
         key = pair != NULL ? pair->value : 0) {
        pair = rec_map_find(&rec_class_map, key);
        if (pair != NULL)
            pair->value = 0;
        pair = rec_map_find(&next_of, key);
    }
    first->value = 0;
}

/* Keeps the value of a key until the code object dies. */
static void keep(uint64_t key, uint64_t value, const PyCodeObject *code)
{
    uint64_t address = (uint64_t)(uintptr_t)code;
    struct rec_pair *first;

    if (rec_map_count(&rec_class_map) >= KEYS_LIMIT ||
        rec_map_count(&first_of) >= KEYS_LIMIT)
        forget_keys();
    first = rec_map_find(&first_of, address);
    if (rec_map_put(&next_of, key, first != NULL ? first->value : 0) != 0 ||
        rec_map_put(&first_of, address, key) != 0)
        return;
    rec_map_put(&rec_class_map, key, value);
}

/* ---- definitions -------------------------------------------------------------- */

/* The id of a C function; 0 when it can't be had. */
static uint32_t intern_function(PyObject *callable)
{
    PyMethodDef *definition = cpy_definition(callable);
    uint64_t key = (uint64_t)(uintptr_t)definition, hash;
    size_t name_bytes, module_bytes;
    struct rec_pair *pair;
    uint32_t id;

    if (definition == cpy_definition_of_new)
        key += (uint64_t)(uintptr_t)((PyCFunctionObject *)callable)->m_self;
    pair = rec_map_find(&functions, key);
    if (pair != NULL)
        return (uint32_t)pair->value;
    cpy_function_name(callable, name_text, &name_bytes, module_text,
                      &module_bytes, sizeof name_text);
    hash = rec_hash_bytes(name_bytes, name_text, name_bytes);
    hash = rec_finish(rec_hash_bytes(hash, module_text, module_bytes));
    pair = rec_map_find(&names, hash);
    id = pair != NULL ? (uint32_t)pair->value : function_count + 1;
    if (pair == NULL) {
        if (function_count >= FUNCTION_LIMIT ||
            rec_define_cfunction(id, name_text, name_bytes, module_text,
                                 module_bytes) != 0)
            return 0;
        function_count++;
        rec_map_put(&names, hash, id);
    }
    rec_map_put(&functions, key, id);
    return id;
}

static uint32_t intern_class(const struct rec_event *e, uint32_t stack)
{
    uint32_t function = e->callable != NULL ? intern_function(e->callable)
                                            : 0;
    uint64_t key = (uint64_t)function << 32 | (uint64_t)stack << 8 |
                   e->kind << 4 | e->what;
    struct rec_pair *pair;

    if (e->callable != NULL && function == 0)
        return 0;
    pair = rec_map_find(&classes, key);
    if (pair != NULL)
        return (uint32_t)pair->value;
    if (class_count >= REC_CLASS_LIMIT ||
        rec_define_class(class_count + 1, e->kind, e->what, stack,
                         function) != 0)
        return 0;
    class_count++;
    rec_map_put(&classes, key, class_count);
    return class_count;
}

static bool is_wanted(const PyCodeObject *code)
{
    size_t n;

    if (rec_set.files[0] == '\0')
        return true;
    n = cpy_text(cpy_code_file(code), name_text, sizeof name_text);
    return rec_globs_match(rec_set.files, name_text, n);
}

uint64_t rec_class_slow(struct rec_thread *t, const struct rec_event *e,
                        uint64_t key)
{
    int saved = errno;
    uint64_t value = 0;
    uint32_t stack, number;
    bool watched;

    stack = rec_stack_site(t, e->code, e->by_line, e->place, &watched);
    rec_lock();
    if (!is_wanted(e->code)) {
        value = REC_CLASS_KNOWN;
    } else if (stack != 0) {
        number = intern_class(e, stack);
        value = number != 0 ? REC_CLASS_KNOWN | number : 0;
    }
    if (value != 0 && watched)
        keep(key, value, e->code);
    rec_unlock();
    if (value == 0)
        pmt_journal_lose(&rec_journal, PMT_LOSS_MEMORY, 1);
    errno = saved;
    return value;
}
