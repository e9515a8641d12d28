/* names.c: words for numbers, and names looked up in a stream's tables. */
#include "names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pmt/journal.h"
#include "pmt/record.h"

const char *const pmt_kind_names[] = {
    "stream", "string", "code",   "cfunction", "type",     "stack", "thread",
    "class",  "anchor", "call",   "line",      "object",   "alloc", "sample",
    "heap",   "snapshot", "mark", "gc",        "loss",     "live",  "end",
    "process", NULL,
};

#define PICK(names, i)                                                        \
    ((i) < sizeof(names) / sizeof *(names) ? (names)[i] : NULL)

const char *pmt_kind_name(uint32_t kind)
{
    return kind ? PICK(pmt_kind_names, kind - 1) : NULL;
}

const char *pmt_alloc_op_name(uint64_t op)
{
    static const char *const names[] = {
        "free", "malloc", "calloc", "realloc_free", "realloc", "realloc_undo",
    };

    return PICK(names, op);
}

const char *pmt_domain_name(uint64_t domain)
{
    static const char *const names[] = {"raw", "mem", "obj", "native"};

    return PICK(names, domain);
}

const char *pmt_process_op_name(uint64_t op)
{
    static const char *const names[] = {
        "found", "started", "exec", "exited", "vanished", "denied", "left",
    };

    return PICK(names, op);
}

const char *pmt_process_how_name(uint64_t how)
{
    static const char *const names[] = {
        "look", "event", "children", "wait", "named", "descriptor",
    };

    return PICK(names, how);
}

const char *pmt_object_op_name(uint64_t op)
{
    static const char *const names[] = {"create", "destroy"};

    return PICK(names, op);
}

const char *pmt_what_name(uint32_t kind, uint64_t what)
{
    static const char *const call[] = {
        "call",   "return", "c_call", "c_return", "c_exception",
        "resume", "yield",  "unwind", "throw",
    };
    static const char *const line[] = {
        "line", "call", "return", "exception", "opcode",
    };

    switch (kind) {
    case PMT_KIND_CALL:
        return PICK(call, what);
    case PMT_KIND_LINE:
        return PICK(line, what);
    case PMT_KIND_OBJECT:
        return pmt_object_op_name(what);
    default:
        return NULL;
    }
}

const char *pmt_gc_op_name(uint64_t op)
{
    static const char *const names[] = {"start", "stop"};

    return PICK(names, op);
}

const char *pmt_loss_cause_name(uint64_t cause)
{
    static const char *const names[] = {
        "full", "reentrant", "memory", "io", "torn", "damaged",
    };

    return PICK(names, cause);
}

const char *pmt_clock_name(uint64_t clock)
{
    static const char *const names[] = {
        "monotonic", "boot time", "real time", "process CPU", "unknown",
    };

    return PICK(names, clock);
}

/* ---- texts into the caller's buffer ------------------------------------ */

/* What has been written, and what the whole would have taken. */
struct target {
    char *buffer;
    size_t size, used;
};

static void put(struct target *t, const char *bytes, size_t length)
{
    if (t->used + 1 < t->size) {
        size_t room = t->size - t->used - 1;

        memcpy(t->buffer + t->used, bytes, length < room ? length : room);
    }
    t->used += length;
}

static void put_text(struct target *t, struct pmt_text text)
{
    if (text.bytes != NULL)
        put(t, text.bytes, text.length);
    else
        put(t, "?", 1);
}

static void put_number(struct target *t, const char *before, uint64_t number,
                       const char *after)
{
    char digits[96];
    int length = snprintf(digits, sizeof digits, "%s%" PRIu64 "%s", before,
                          number, after);

    put(t, digits, (size_t)length);
}

static size_t finish(struct target *t)
{
    if (t->size > 0)
        t->buffer[t->used < t->size ? t->used : t->size - 1] = '\0';
    return t->used;
}

/* Says so when `stack` has no site or one that is not stated. */
static bool site_known(struct target *t, const struct pmt_stream *s,
                       uint32_t stack, struct pmt_site *site,
                       struct pmt_code *code)
{
    if (stack == 0) {
        put(t, "(no stack)", 10);
        return false;
    }
    if (!pmt_stream_site(s, stack, site)) {
        put_number(t, "(unknown stack ", stack, ")");
        return false;
    }
    if (!pmt_stream_code(s, site->code, code)) {
        put_number(t, "(unknown code ", site->code, ")");
        return false;
    }
    return true;
}

size_t pmt_name_site(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t stack)
{
    struct target t = {buffer, size, 0};
    struct pmt_site site;
    struct pmt_code code;

    if (site_known(&t, s, stack, &site, &code)) {
        put_text(&t, code.file);
        put_number(&t, ":", site.line, " ");
        put_text(&t, code.function);
    }
    return finish(&t);
}

size_t pmt_name_file(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t stack)
{
    struct target t = {buffer, size, 0};
    struct pmt_site site;
    struct pmt_code code;

    if (site_known(&t, s, stack, &site, &code))
        put_text(&t, code.file);
    return finish(&t);
}

size_t pmt_name_function(char *buffer, size_t size,
                         const struct pmt_stream *s, uint32_t stack)
{
    struct target t = {buffer, size, 0};
    struct pmt_site site;
    struct pmt_code code;

    if (site_known(&t, s, stack, &site, &code))
        put_text(&t, code.function);
    return finish(&t);
}

size_t pmt_name_code(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t id)
{
    struct target t = {buffer, size, 0};
    struct pmt_code code;

    if (id == 0) {
        put(&t, "(no code)", 9);
    } else if (!pmt_stream_code(s, id, &code)) {
        put_number(&t, "(unknown code ", id, ")");
    } else {
        put_text(&t, code.file);
        put_number(&t, ":", code.first_line, " ");
        put_text(&t, code.function);
    }
    return finish(&t);
}

size_t pmt_name_type(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t id)
{
    struct target t = {buffer, size, 0};
    struct pmt_type type;

    if (id == 0)
        put(&t, "(no type)", 9);
    else if (!pmt_stream_type(s, id, &type) || type.name.bytes == NULL)
        put_number(&t, "(unknown type ", id, ")");
    else
        put_text(&t, type.name);
    return finish(&t);
}

size_t pmt_name_thread(char *buffer, size_t size, const struct pmt_stream *s,
                       uint32_t id)
{
    struct target t = {buffer, size, 0};
    struct pmt_thread thread;

    if (id == 0)
        put(&t, "(no thread)", 11);
    else if (!pmt_stream_thread(s, id, &thread))
        put_number(&t, "(unknown thread ", id, ")");
    else if (thread.name.length > 0)
        put_text(&t, thread.name);
    else
        put_number(&t, "thread ", thread.native_id, "");
    return finish(&t);
}

char *pmt_name_key(char buffer[PMT_KEY_SIZE], uint64_t stream_key)
{
    snprintf(buffer, PMT_KEY_SIZE, "%016" PRIx64, stream_key);
    return buffer;
}

char *pmt_name_uuid(char buffer[PMT_UUID_SIZE], const uint8_t uuid[16])
{
    char *at = buffer;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        snprintf(at, 3, "%02x", uuid[i]);
        at += 2;
    }
    return buffer;
}

char *pmt_name_wall(char buffer[PMT_WALL_SIZE], int64_t real_ns)
{
    int64_t seconds = real_ns / 1000000000, rest = real_ns % 1000000000;
    time_t when;
    struct tm tm;
    size_t used;

    if (rest < 0) {
        rest += 1000000000;
        seconds--;
    }
    when = (time_t)seconds;
    if (gmtime_r(&when, &tm) == NULL) {
        snprintf(buffer, PMT_WALL_SIZE, "%" PRId64 " ns", real_ns);
        return buffer;
    }
    used = strftime(buffer, PMT_WALL_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buffer + used, PMT_WALL_SIZE - used, ".%06dZ",
             (int)(rest / 1000));
    return buffer;
}
