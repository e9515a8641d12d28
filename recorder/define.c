/*
 * define.c - puts definitions and marks into the journal (define.h).
 */
#include "define.h"

#include <string.h>
#include <time.h>

#include "pmt/journal.h"
#include "recording.h"
#include "thread.h"

/* Guarded by rec_lock. */
static struct pmt_segment *segment;
static bool running;

_Static_assert(REC_TEXT_MAX == PMT_DEF_TEXT_MAX, "one limit, two names");

/* Bytes at the start of text[n] that end between characters of UTF-8, at most
 * `limit`. */
static size_t cut(const char *text, size_t n, size_t limit)
{
    if (n <= limit)
        return n;
    while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80)
        limit--;
    return limit;
}

void rec_define_give(void)
{
    if (segment != NULL)
        pmt_journal_give(segment);
    segment = NULL;
}

/* Gives up the segment and takes another; with `wait`, for up to a second,
 * but not the thread that one would wait for. */
static int renew(void)
{
    const struct timespec pause = {0, 200000};
    int tries = rec_hot.wait && !rec_recording_is_drainer() ? 5000 : 1;

    rec_define_give();
    for (int i = 0; i < tries; i++) {
        segment = pmt_journal_take(&rec_journal, PMT_SEGMENT_DEFINITIONS, 0);
        if (segment != NULL)
            return 0;
        if (i % 50 == 0)
            rec_threads_reclaim(false);
        rec_recording_wake();
        if (i + 1 < tries)
            nanosleep(&pause, NULL);
    }
    return -1;
}

static int define(struct pmt_def *def, const char *text, size_t bytes,
                  const char *text2, size_t bytes2)
{
    for (int tries = 0; tries < 2; tries++) {
        if (!running || (segment == NULL && renew() != 0))
            return -1;
        if (pmt_journal_define(&rec_journal, segment, def, text, bytes, text2,
                               bytes2))
            return 0;
        rec_define_give();
        rec_recording_wake();
    }
    return -1;
}

static int start(void)
{
    running = true;
    return renew();
}

void rec_define_stop(void)
{
    rec_define_give();
    running = false;
}

static const struct rec_saved state[] = {REC_SAVED(segment),
                                         REC_SAVED(running), {NULL, 0}};

const struct rec_part rec_part_define = {
    .start = start, .stop = rec_define_stop, .saved = state};

int rec_define_code(uint32_t id, uint32_t first_line, const char *file,
                    size_t file_bytes, const char *function,
                    size_t function_bytes)
{
    struct pmt_def def = {.type = PMT_DEF_CODE};

    file_bytes = cut(file, file_bytes, REC_TEXT_MAX / 2);
    function_bytes = cut(function, function_bytes, REC_TEXT_MAX / 2);
    def.v[0] = id;
    def.v[1] = first_line;
    def.v[2] = (uint32_t)file_bytes;
    return define(&def, file, file_bytes, function, function_bytes);
}

int rec_define_stack(uint32_t id, uint32_t parent, uint32_t code,
                     uint32_t line)
{
    struct pmt_def def = {.type = PMT_DEF_STACK,
                          .v = {id, parent, code, line}};

    return define(&def, NULL, 0, NULL, 0);
}

int rec_define_type(uint32_t id, const char *name, size_t bytes,
                    uint32_t basic_size, uint32_t item_size)
{
    struct pmt_def def = {.type = PMT_DEF_TYPE,
                          .v = {id, basic_size, item_size, 0}};

    return define(&def, name, cut(name, bytes, REC_TEXT_MAX), NULL, 0);
}

int rec_define_thread(uint32_t id, uint64_t native_id, uint64_t ident,
                      const char *name, size_t bytes)
{
    struct pmt_def def = {.type = PMT_DEF_THREAD,
                          .v = {id, (uint32_t)native_id, 0, 0},
                          .wide = ident};

    return define(&def, name, cut(name, bytes, REC_TEXT_MAX), NULL, 0);
}

int rec_define_mark(uint32_t thread, uint64_t time, const char *text,
                    size_t bytes)
{
    struct pmt_def def = {.type = PMT_DEF_MARK,
                          .v = {thread, 0, 0, 0},
                          .wide = time};

    return define(&def, text, cut(text, bytes, REC_TEXT_MAX), NULL, 0);
}

int rec_define_cfunction(uint32_t id, const char *name, size_t name_bytes,
                         const char *module, size_t module_bytes)
{
    struct pmt_def def = {.type = PMT_DEF_CFUNCTION};

    name_bytes = cut(name, name_bytes, REC_TEXT_MAX / 2);
    module_bytes = cut(module, module_bytes, REC_TEXT_MAX / 2);
    def.v[0] = id;
    def.v[1] = (uint32_t)name_bytes;
    return define(&def, name, name_bytes, module, module_bytes);
}

int rec_define_class(uint32_t number, unsigned kind, unsigned what,
                     uint32_t stack, uint32_t cfunction)
{
    struct pmt_def def = {.type = PMT_DEF_CLASS,
                          .v = {number, kind | what << 8, stack, cfunction}};

    return define(&def, NULL, 0, NULL, 0);
}

int rec_define_figures(unsigned kind, uint32_t thread, uint32_t pid,
                       uint64_t time, const char *lines, size_t bytes)
{
    struct pmt_def def = {.type = PMT_DEF_FIGURES,
                          .v = {kind, thread, pid, 0},
                          .wide = time};

    if (bytes > REC_TEXT_MAX)
        return -1;
    return define(&def, lines, bytes, NULL, 0);
}

int rec_define_snapshot_rows(uint32_t serial,
                             const struct pmt_snapshot_row *rows,
                             uint32_t count)
{
    struct pmt_def def = {.type = PMT_DEF_SNAPSHOT_ROWS,
                          .v = {serial, count, 0, 0}};

    return define(&def, (const char *)rows, count * sizeof *rows, NULL, 0);
}

int rec_define_snapshot(uint32_t serial, uint32_t rows, uint64_t time,
                        const char *name, size_t name_bytes,
                        const char *values, size_t value_bytes)
{
    struct pmt_def def = {.type = PMT_DEF_SNAPSHOT, .wide = time};

    name_bytes = cut(name, name_bytes, REC_TEXT_MAX / 2);
    if (value_bytes > REC_TEXT_MAX / 2)
        return -1;
    def.v[0] = serial;
    def.v[1] = rows;
    def.v[2] = (uint32_t)name_bytes;
    return define(&def, name, name_bytes, values, value_bytes);
}
