/*
 * stacks.c - interning of code objects, sites and stacks (stacks.h).
 *
 * Nothing here makes a Python object, runs Python code or gives up the GIL
 * while the lock is held. Strong references are never taken: that a code
 * object is the one seen before is known from its death being watched.
 *
 *   instances    code object's address -> birth << 32 | code id
 *   contents     hash of file, function, first line -> code id
 *   lines        hash of address, birth, offset -> line
 *   nodes        parent, code id, line -> stack id
 *   rec_stack_cache   hash of frames -> verified << 32 | stack id
 *
 * `birth` and `verified` are values of rec_hot.deaths: when the instance was
 * first seen, and when a cached stack was last known to be right. A cached
 * stack is right still if each of its code objects was born no later than it
 * was verified: had another code object been at that address then, its death
 * would lie between.
 */
#include "stacks.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "define.h"
#include "event-class.h"
#include "names.h"

#define CACHE_LIMIT (2u << 20)
#define LINES_LIMIT (1u << 20)

struct rec_map rec_stack_cache;

/* All guarded by rec_lock. */
static struct rec_map instances, contents, lines, nodes;
static uint32_t code_count, stack_count;
static bool running;

/* One frame, as the slow path takes it from the thread. */
struct step {
    PyCodeObject *code;
    int offset;
    bool hidden; /* not part of the stack, but of its hash */
};
/* One more than the hash is of: see collect(). */
static struct step steps[REC_FRAMES_MAX + 1];

/* Memory that watching a code object took: the program will free it with the
 * code object, so its allocation is recorded too, at a site of our own. */
#define OWN_MAX 64
struct own_block {
    void *address;
    size_t bytes;
};
static struct own_block own_blocks[OWN_MAX];
static unsigned own_count;
static uint32_t own_stack;

static char file_text[REC_TEXT_MAX / 2], function_text[REC_TEXT_MAX / 2];

/* ---- begin and end --------------------------------------------------------- */

static int start(void)
{
    if (rec_map_init(&rec_stack_cache, CACHE_LIMIT, true, true) != 0 ||
        rec_map_init(&instances, 2 * REC_CODE_LIMIT, false, false) != 0 ||
        rec_map_init(&contents, REC_CODE_LIMIT, false, true) != 0 ||
        rec_map_init(&lines, LINES_LIMIT, false, true) != 0 ||
        rec_map_init(&nodes, REC_STACK_LIMIT, false, false) != 0)
        return -1;
    running = true;
    return 0;
}

static void stop(void)
{
    running = false;
    code_count = stack_count = 0;
    own_count = own_stack = 0;
    if (rec_stack_cache.now != NULL)
        rec_map_release(&rec_stack_cache);
    rec_map_release(&instances);
    rec_map_release(&contents);
    rec_map_release(&lines);
    rec_map_release(&nodes);
}

static void count(struct rec_stats *stats)
{
    stats->stacks = stack_count;
    stats->codes = code_count;
}

/* Code objects may have died unseen while another recording ran. */
static void resumed(bool inner)
{
    if (!inner)
        return;
    rec_map_clear(&instances);
    rec_map_clear(&lines);
    if (rec_hot.deaths < UINT32_MAX)
        __atomic_store_n(&rec_hot.deaths, rec_hot.deaths + 1,
                         __ATOMIC_RELEASE);
}

static const struct rec_saved state[] = {
    REC_SAVED(rec_stack_cache), REC_SAVED(instances), REC_SAVED(contents),
    REC_SAVED(lines), REC_SAVED(nodes), REC_SAVED(code_count),
    REC_SAVED(stack_count), REC_SAVED(running), REC_SAVED(own_count),
    REC_SAVED(own_stack), {NULL, 0}};

const struct rec_part rec_part_stacks = {.start = start, .stop = stop,
                                         .count = count, .resumed = resumed,
                                         .saved = state};

void rec_stacks_code_died(const void *code)
{
    struct rec_pair *pair;

    rec_lock();
    if (running) {
        pair = rec_map_find(&instances, (uint64_t)(uintptr_t)code);
        if (pair != NULL && pair->value != 0) {
            pair->value = 0;
            rec_class_code_died(code);
            /* At the greatest number the cache is no longer used. */
            if (rec_hot.deaths < UINT32_MAX)
                __atomic_store_n(&rec_hot.deaths, rec_hot.deaths + 1,
                                 __ATOMIC_RELEASE);
        }
    }
    rec_unlock();
}

/* ---- code objects ---------------------------------------------------------- */

/* The id of a file, a function and its first line; 0 when it can't be had. */
static uint32_t intern_texts(uint32_t first, const char *file,
                             size_t file_bytes, const char *function,
                             size_t function_bytes)
{
    struct rec_pair *pair;
    uint64_t hash;

    hash = rec_hash_bytes(first, file, file_bytes);
    hash = rec_hash_bytes(hash, function, function_bytes);
    hash = rec_finish(hash);
    pair = rec_map_find(&contents, hash);
    if (pair != NULL)
        return (uint32_t)pair->value;
    if (code_count >= REC_CODE_LIMIT ||
        rec_define_code(code_count + 1, first, file, file_bytes, function,
                        function_bytes) != 0)
        return 0;
    code_count++;
    rec_map_put(&contents, hash, code_count);
    rec_name_code(code_count, file, file_bytes, function, function_bytes);
    return code_count;
}

/* The same of a code object. */
static uint32_t intern_content(const PyCodeObject *code)
{
    size_t file_bytes, function_bytes;

    file_bytes = cpy_text(cpy_code_file(code), file_text, sizeof file_text);
    function_bytes = cpy_text(cpy_code_function(code), function_text,
                              sizeof function_text);
    return intern_texts(cpy_code_first_line(code), file_text, file_bytes,
                        function_text, function_bytes);
}

/* Sees to it that the code object's death is noticed. */
static int watch(PyCodeObject *code)
{
    struct own_block *own = &own_blocks[own_count];

    if (cpy_watch_code(code, &own->address, &own->bytes) != 0)
        return -1;
    if (own->address != NULL)
        own_count++;
    return 0;
}

/*
 * The id of a code object. `birth` is set to when it was first seen, or to
 * UINT32_MAX when its death would not be noticed.
 */
static uint32_t intern_code(PyCodeObject *code, bool can_watch,
                            uint32_t *birth)
{
    uint64_t key = (uint64_t)(uintptr_t)code;
    struct rec_pair *pair = rec_map_find(&instances, key);
    uint32_t id;

    if (pair != NULL && pair->value != 0) {
        *birth = (uint32_t)(pair->value >> 32);
        return (uint32_t)pair->value;
    }
    *birth = UINT32_MAX;
    id = intern_content(code);
    if (id == 0 || !can_watch || rec_hot.deaths == UINT32_MAX ||
        own_count == OWN_MAX || watch(code) != 0)
        return id;
    if (rec_map_put(&instances, key,
                    (uint64_t)rec_hot.deaths << 32 | id) == 0)
        *birth = rec_hot.deaths;
    return id;
}

static uint32_t intern_line(PyCodeObject *code, uint32_t birth, int offset)
{
    uint64_t hash = rec_mix(rec_mix(0, (uint64_t)(uintptr_t)code), birth);
    struct rec_pair *pair;
    uint32_t line;

    hash = rec_finish(rec_mix(hash, (uint64_t)(unsigned)offset));
    if (birth != UINT32_MAX) {
        pair = rec_map_find(&lines, hash);
        if (pair != NULL)
            return (uint32_t)pair->value;
    }
    line = cpy_code_line(code, offset);
    if (line > REC_LINE_LIMIT)
        line = 0;
    if (birth != UINT32_MAX) {
        if (rec_map_count(&lines) >= LINES_LIMIT)
            rec_map_clear(&lines);
        rec_map_put(&lines, hash, line);
    }
    return line;
}

/* ---- stacks ------------------------------------------------------------------- */

static uint32_t intern_node(uint32_t parent, uint32_t code, uint32_t line)
{
    uint64_t key = (uint64_t)parent << 42 | (uint64_t)code << 22 | line;
    struct rec_pair *pair = rec_map_find(&nodes, key);

    if (pair != NULL)
        return (uint32_t)pair->value;
    if (stack_count >= REC_STACK_LIMIT ||
        rec_define_stack(stack_count + 1, parent, code, line) != 0)
        return 0;
    stack_count++;
    rec_map_put(&nodes, key, stack_count);
    rec_name_stack(stack_count, parent, code, line);
    return stack_count;
}

/*
 * Takes the top frames into `steps`, the innermost first: those that the hash
 * is of. Where these are all hidden, the one that is shown in their place comes
 * behind them, and the stack is not `whole`: the hash does not tell it. A code
 * object that is being destroyed is left out.
 */
static unsigned collect(const PyThreadState *ts, unsigned limit, bool *whole)
{
    const cpy_frame *f = cpy_frame_top(ts);
    bool shown = false;
    unsigned count = 0;

    *whole = true;
    for (; f != NULL && (limit > 0 || !shown) && count <= REC_FRAMES_MAX;
         f = cpy_frame_previous(f)) {
        PyCodeObject *code;
        struct step *s = &steps[count];

        if (cpy_frame_is_shim(f))
            continue;
        *whole &= limit > 0;
        limit -= limit > 0;
        code = cpy_frame_code(f);
        if (!cpy_code_alive(code)) {
            *whole = false;
            shown = true;
            continue;
        }
        s->code = code;
        s->offset = cpy_frame_offset(f, code);
        s->hidden = cpy_frame_is_hidden(f, code, s->offset);
        shown |= !s->hidden;
        count++;
    }
    return count;
}

/* Is any of them part of the stack? */
static bool any_shown(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!steps[i].hidden)
            return true;
    return false;
}

/* True when all code objects were born no later than `verified`. */
static bool still_right(unsigned count, uint32_t verified)
{
    for (unsigned i = 0; i < count; i++) {
        struct rec_pair *pair =
            rec_map_find(&instances, (uint64_t)(uintptr_t)steps[i].code);

        if (pair == NULL || pair->value == 0 ||
            (uint32_t)(pair->value >> 32) > verified)
            return false;
    }
    return true;
}

uint32_t rec_stack_label(uint32_t parent, const char *text, size_t bytes)
{
    static const char file[] = "<label>";
    uint32_t code;

    if (!running)
        return 0;
    code = intern_texts(0, file, sizeof file - 1, text, bytes);
    return code != 0 ? intern_node(parent, code, 0) : 0;
}

uint32_t rec_stack_named(uint32_t parent, const char *file,
                         size_t file_bytes, uint32_t line)
{
    uint32_t code;

    if (!running)
        return 0;
    code = intern_texts(0, file, file_bytes, "", 0);
    return code != 0 ? intern_node(parent, code,
                                   line <= REC_LINE_LIMIT ? line : 0)
                     : 0;
}

/* Interns the stack in `steps` with the stack `id` around it. `keep` is
 * cleared when the result must not be cached. 0: there is no room for it. The
 * death of a hidden frame's code must be noticed too: other code at its place
 * may show what has the same hash. */
static uint32_t intern_steps(uint32_t id, unsigned count, bool can_watch,
                             bool *keep)
{
    for (unsigned i = count; i > 0; i--) {
        struct step *s = &steps[i - 1];
        uint32_t birth, line;
        uint32_t code = intern_code(s->code, can_watch, &birth);

        if (code == 0) {
            *keep = false;
            return 0;
        }
        if (birth == UINT32_MAX)
            *keep = false;
        if (s->hidden)
            continue;
        line = intern_line(s->code, birth, s->offset);
        id = intern_node(id, code, line);
        if (id == 0) {
            *keep = false;
            return 0;
        }
    }
    return id;
}

/* The stack of the recorder's own blocks. */
static uint32_t intern_own_stack(void)
{
    static const char file[] = "<pmtrace>", function[] = "watch";
    uint32_t code;

    if (own_stack == 0) {
        code = intern_texts(0, file, sizeof file - 1, function,
                            sizeof function - 1);
        own_stack = code != 0 ? intern_node(0, code, 0) : 0;
    }
    return own_stack;
}

/* How many blocks watching took since this was asked last; `stack` is set when
 * there are any. */
static unsigned take_own(struct own_block own[OWN_MAX], uint32_t *stack)
{
    unsigned count = own_count;

    own_count = 0;
    if (count > 0) {
        memcpy(own, own_blocks, count * sizeof *own);
        *stack = intern_own_stack();
    }
    return count;
}

/* Records what watching took, outside the lock. */
static void append_own(struct rec_thread *t, const struct own_block *own,
                       unsigned count, uint32_t stack)
{
    for (unsigned i = 0; i < count; i++)
        rec_alloc_own(t, own[i].address, own[i].bytes, stack);
}

uint32_t rec_stack_slow(struct rec_thread *t, const PyThreadState *ts,
                        unsigned limit, uint64_t hash, bool may_call)
{
    struct own_block own[OWN_MAX];
    unsigned owned;
    uint32_t stack_of_own = 0;
    struct rec_pair *pair;
    uint32_t deaths, id;
    int saved = errno;
    unsigned count;
    bool keep;

    rec_lock();
    deaths = rec_hot.deaths;
    count = collect(ts, limit, &keep);
    pair = rec_map_find(&rec_stack_cache, hash);
    if (pair != NULL && keep && deaths != UINT32_MAX &&
        still_right(count, (uint32_t)(pair->value >> 32)))
        id = (uint32_t)pair->value;
    else
        id = intern_steps(t->label, count, may_call && cpy_can_watch(ts), &keep);
    if (id == 0 && any_shown(count))
        t->unstacked++;
    if (keep && deaths != UINT32_MAX)
        rec_map_put(&rec_stack_cache, hash, (uint64_t)deaths << 32 | id);
    owned = take_own(own, &stack_of_own);
    rec_unlock();
    append_own(t, own, owned, stack_of_own);
    errno = saved;
    return id;
}

uint32_t rec_stack_site(struct rec_thread *t, PyCodeObject *code,
                        bool by_line, uint32_t place, bool *watched)
{
    struct own_block own[OWN_MAX];
    uint32_t birth, line, id, stack = 0, stack_of_own = 0;
    unsigned owned;

    rec_lock();
    id = intern_code(code, cpy_can_watch(cpy_thread_holding()), &birth);
    *watched = birth != UINT32_MAX;
    if (id != 0) {
        line = by_line ? place : cpy_code_line(code, (int)place - 1);
        stack = intern_node(0, id, line <= REC_LINE_LIMIT ? line : 0);
    }
    owned = take_own(own, &stack_of_own);
    rec_unlock();
    append_own(t, own, owned, stack_of_own);
    return stack;
}
