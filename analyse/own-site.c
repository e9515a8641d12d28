/* own-site.c: see own-site.h. */
#include "own-site.h"

#include <string.h>

#include "group.h"

/* Frames that are looked at: stacks from a trace may be any depth. */
#define FRAMES_MAX 4096

static bool begins(struct pmt_text text, const char *with)
{
    size_t length = strlen(with);

    return text.length >= length && memcmp(text.bytes, with, length) == 0;
}

static bool ends(struct pmt_text text, const char *with)
{
    size_t length = strlen(with);

    return text.length >= length &&
           memcmp(text.bytes + text.length - length, with, length) == 0;
}

static bool has(struct pmt_text text, const char *part)
{
    return memmem(text.bytes, text.length, part, strlen(part)) != NULL;
}

static bool equals(struct pmt_text text, const char *word)
{
    return text.length == strlen(word) && text.bytes &&
           memcmp(text.bytes, word, text.length) == 0;
}

/* "/lib/python3.12/", "/lib64/python3.9/", "/python311.zip/". */
static bool in_library(struct pmt_text file)
{
    const char *at = memmem(file.bytes, file.length, "/python3",
                            strlen("/python3"));
    const char *end = file.bytes + file.length;

    while (at && at + strlen("/python3") < end) {
        const char *rest = at + strlen("/python3");
        bool below_lib = at - file.bytes >= 4 &&
                         (memcmp(at - 4, "/lib", 4) == 0 ||
                          (at - file.bytes >= 6 &&
                           memcmp(at - 6, "/lib64", 6) == 0));

        if (below_lib && *rest == '.')
            return true;
        if (memmem(rest, (size_t)(end - rest), ".zip/", 5) == rest + 2)
            return true;
        at = memmem(rest, (size_t)(end - rest), "/python3",
                    strlen("/python3"));
    }
    return false;
}

enum pmt_origin pmt_origin_of(struct pmt_text file)
{
    if (!file.bytes || file.length == 0)
        return PMT_ORIGIN_LIBRARY;
    if (begins(file, "<frozen ") || begins(file, "<pmtrace"))
        return PMT_ORIGIN_LIBRARY;
    if (equals(file, "__init__")) /* CPython's own frame before an __init__ */
        return PMT_ORIGIN_LIBRARY;
    if (file.bytes[0] == '<')
        return PMT_ORIGIN_GENERATED;
    if (has(file, "/site-packages/") || has(file, "/dist-packages/") ||
        has(file, "/pmtrace/_") ||
        has(file, "/pmtrace/bootstrap/"))
        return PMT_ORIGIN_PACKAGE;
    return in_library(file) ? PMT_ORIGIN_LIBRARY : PMT_ORIGIN_OWN;
}

static bool is_import(struct pmt_text file)
{
    return begins(file, "<frozen importlib") ||
           ends(file, "/importlib/_bootstrap.py") ||
           ends(file, "/importlib/_bootstrap_external.py");
}

struct pmt_own_site pmt_own_site(const struct pmt_stream *stream,
                                 uint32_t stack)
{
    struct pmt_own_site own = {.stack = stack};
    struct pmt_site site;
    struct pmt_code code;
    bool imported = false, found = false;

    for (int depth = 0; stack && depth < FRAMES_MAX; depth++) {
        if (!pmt_stream_site(stream, stack, &site) ||
            !pmt_stream_code(stream, site.code, &code))
            break;
        if (code.file.bytes && !equals(code.file, PMT_LABEL_FILE)) {
            enum pmt_origin origin = pmt_origin_of(code.file);

            imported |= is_import(code.file);
            if (!found || origin > own.origin) {
                own.stack = stack;
                own.origin = origin;
                own.imported = imported;
            }
            found = true;
        }
        if (own.origin == PMT_ORIGIN_OWN || site.parent >= stack)
            break;
        stack = site.parent;
    }
    if (own.origin != PMT_ORIGIN_OWN)
        own.imported = imported;
    return own;
}

/* So many frames and more may be all that was recorded of a deeper stack. */
#define FRAMES_CUT 16

bool pmt_stack_of_program(const struct pmt_stream *stream, uint32_t stack)
{
    struct pmt_site site;
    struct pmt_code code = {0};
    int depth = 0;

    while (stack && depth++ < FRAMES_MAX &&
           pmt_stream_site(stream, stack, &site)) {
        struct pmt_code outer;

        if (!pmt_stream_code(stream, site.code, &outer))
            return false;
        if (outer.file.bytes && !equals(outer.file, PMT_LABEL_FILE))
            code = outer;
        if (site.parent >= stack)
            break;
        stack = site.parent;
    }
    return depth >= FRAMES_CUT || equals(code.function, "<module>") ||
           equals(code.function, "_run_module_as_main") ||
           equals(code.function, "Thread._bootstrap") ||
           equals(code.function, "_bootstrap");
}
