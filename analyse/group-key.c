/* group-key.c: what makes two blocks those of one group; see group-key.h. */
#include "group-key.h"
#include "own-site.h"

#include <stdlib.h>
#include <string.h>

static bool key_put(struct pmt_grouping *grouping, const void *bytes,
                    size_t length)
{
    if (length > grouping->key_capacity - grouping->key_length) {
        size_t capacity = grouping->key_capacity * 2 + length + 64;
        void *more = realloc(grouping->key, capacity);

        if (!more)
            return false;
        grouping->key = more;
        grouping->key_capacity = capacity;
    }
    if (length > 0)
        memcpy(grouping->key + grouping->key_length, bytes, length);
    grouping->key_length += length;
    return true;
}

static bool key_put_u32(struct pmt_grouping *grouping, uint32_t value)
{
    return key_put(grouping, &value, sizeof value);
}

/* With its length, so that two texts in a row can't read as two others. */
static bool key_put_text(struct pmt_grouping *grouping, struct pmt_text text)
{
    if (!text.bytes)
        return key_put_u32(grouping, UINT32_MAX);
    return key_put_u32(grouping, text.length) &&
           key_put(grouping, text.bytes, text.length);
}

static bool key_begin(struct pmt_grouping *grouping, char tag)
{
    grouping->key_length = 0;
    return key_put(grouping, &tag, 1);
}

/* An id that stands for nothing known is like no other. */
static bool key_unknown(struct pmt_grouping *grouping, size_t place,
                        uint32_t id)
{
    uint64_t stream = place;

    return key_begin(grouping, '?') &&
           key_put(grouping, &stream, sizeof stream) &&
           key_put_u32(grouping, id);
}

static bool key_module(struct pmt_grouping *grouping, struct pmt_text file)
{
    struct pmt_text module = pmt_group_module(file);
    size_t at = grouping->key_length;

    if (!key_put_text(grouping, module))
        return false;
    for (; at < grouping->key_length; at++)
        if (grouping->key[at] == '/')
            grouping->key[at] = '.';
    return true;
}

bool pmt_group_key_site(struct pmt_grouping *grouping,
                        const struct pmt_stream *stream, size_t place,
                        uint32_t stack)
{
    struct pmt_site site;
    struct pmt_code code;
    enum pmt_group_by by;

    if (stack == 0)
        return key_begin(grouping, '0');
    if (!pmt_stream_site(stream, stack, &site) ||
        !pmt_stream_code(stream, site.code, &code))
        return key_unknown(grouping, place, stack);
    if (!key_begin(grouping, '='))
        return false;
    by = pmt_group_frame(grouping->by);
    if (by == PMT_BY_FILE)
        return key_put_text(grouping, code.file);
    if (by == PMT_BY_MODULE)
        return key_module(grouping, code.file);
    if (by == PMT_BY_FUNCTION)
        return key_put_text(grouping, code.function) &&
               key_put_text(grouping, code.file);
    return key_put_u32(grouping, site.line) &&
           key_put_text(grouping, code.file) &&
           (by == PMT_BY_LINENO || key_put_text(grouping, code.function));
}

static bool key_type(struct pmt_grouping *grouping,
                     const struct pmt_stream *stream, size_t place,
                     uint32_t id)
{
    struct pmt_type type;

    if (id == 0)
        return key_begin(grouping, '0');
    if (!pmt_stream_type(stream, id, &type))
        return key_unknown(grouping, place, id);
    return key_begin(grouping, '=') && key_put_text(grouping, type.name) &&
           key_put_u32(grouping, type.basic_size) &&
           key_put_u32(grouping, type.item_size);
}

static bool key_thread(struct pmt_grouping *grouping,
                       const struct pmt_stream *stream, size_t place,
                       uint32_t id)
{
    struct pmt_thread thread;

    if (id == 0)
        return key_begin(grouping, '0');
    if (!pmt_stream_thread(stream, id, &thread))
        return key_unknown(grouping, place, id);
    return key_begin(grouping, '=') && key_put_text(grouping, thread.name) &&
           key_put(grouping, &thread.native_id, sizeof thread.native_id);
}

/* ---- what files and sizes belong to ------------------------------------ */

/* Where the folders end from which modules are imported: behind "lib/python"
 * and a version, site-packages or dist-packages, or an archive. */
static size_t import_root(struct pmt_text file)
{
    static const char *const folders[] = {"/site-packages/",
                                          "/dist-packages/", ".zip/"};
    size_t root = 0;

    for (size_t i = 0; i < file.length; i++) {
        for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
            size_t length = strlen(folders[k]);

            if (file.length - i >= length &&
                memcmp(file.bytes + i, folders[k], length) == 0)
                root = i + length;
        }
        if (file.length - i > 12 &&
            memcmp(file.bytes + i, "/lib/python", 11) == 0) {
            const char *slash = memchr(file.bytes + i + 11, '/',
                                       file.length - i - 11);

            if (slash)
                root = (size_t)(slash - file.bytes) + 1;
        }
    }
    return root;
}

static bool take_end(struct pmt_text *text, const char *end)
{
    size_t length = strlen(end);

    if (text->length <= length ||
        memcmp(text->bytes + text->length - length, end, length) != 0)
        return false;
    text->length -= (uint32_t)length;
    return true;
}

static void take_beginning(struct pmt_text *text, size_t length)
{
    text->bytes += length;
    text->length -= (uint32_t)length;
}

struct pmt_text pmt_group_module(struct pmt_text file)
{
    size_t root;

    if (!file.bytes)
        return file;
    if (file.length > 9 && memcmp(file.bytes, "<frozen ", 8) == 0 &&
        file.bytes[file.length - 1] == '>') {
        file.length--;
        take_beginning(&file, 8);
        return file;
    }
    if (!take_end(&file, ".py") && !take_end(&file, ".pyc"))
        return file;
    take_end(&file, "/__init__");
    root = import_root(file);
    for (size_t i = file.length; root == 0 && i > 0; i--)
        if (file.bytes[i - 1] == '/')
            root = i;
    if (root < file.length)
        take_beginning(&file, root);
    return file;
}

uint32_t pmt_size_class(uint64_t size)
{
    if (size == 0)
        return 0;
    if (size <= 512)
        return (uint32_t)((size + 15) / 16);
    return 32 + (64 - (uint32_t)__builtin_clzll(size - 1)) - 9;
}

struct pmt_range pmt_size_class_range(uint32_t number)
{
    uint32_t bits = number - 32 + 9;

    if (number == 0)
        return (struct pmt_range){0, 0};
    if (number <= 32)
        return (struct pmt_range){number * 16 - 15, number * 16};
    return (struct pmt_range){(UINT64_C(1) << (bits - 1)) + 1,
                              bits < 64 ? UINT64_C(1) << bits : UINT64_MAX};
}

/* ---- keys of each kind -------------------------------------------------- */

bool pmt_group_label(const struct pmt_stream *stream, uint32_t stack,
                     struct pmt_text *label)
{
    struct pmt_site site = {0};
    struct pmt_code code;

    while (stack && pmt_stream_site(stream, stack, &site) &&
           site.parent < stack && site.parent)
        stack = site.parent;
    if (!stack || !pmt_stream_site(stream, stack, &site) || site.parent ||
        !pmt_stream_code(stream, site.code, &code) || !code.file.bytes ||
        code.file.length != strlen(PMT_LABEL_FILE) ||
        memcmp(code.file.bytes, PMT_LABEL_FILE, code.file.length) != 0)
        return false;
    *label = code.function;
    return true;
}

static bool key_label(struct pmt_grouping *grouping,
                      const struct pmt_stream *stream, uint32_t stack)
{
    struct pmt_text label;

    if (!pmt_group_label(stream, stack, &label))
        return key_begin(grouping, '0');
    return key_begin(grouping, '=') && key_put_text(grouping, label);
}

/* A process may leave several streams: it starts another program (exec), or
 * records again. Its number alone is given out again some day. */
static bool key_process(struct pmt_grouping *grouping,
                        const struct pmt_stream *stream, size_t place)
{
    const struct pmt_stream_header *header = pmt_stream_header(stream);

    if (!header->has_pid)
        return key_unknown(grouping, place, 0);
    return key_begin(grouping, '=') &&
           key_put(grouping, &header->pid, sizeof header->pid) &&
           key_put(grouping, header->session, sizeof header->session) &&
           key_put(grouping, header->boot, sizeof header->boot) &&
           key_put_text(grouping, header->host);
}

bool pmt_group_key(struct pmt_grouping *grouping,
                   const struct pmt_stream *stream, size_t place,
                   uint32_t id)
{
    uint64_t number = place;

    switch (grouping->by) {
    case PMT_BY_TYPE:
        return key_type(grouping, stream, place, id);
    case PMT_BY_THREAD:
        return key_thread(grouping, stream, place, id);
    case PMT_BY_DOMAIN:
    case PMT_BY_SIZE:
        return key_begin(grouping, '=') && key_put_u32(grouping, id);
    case PMT_BY_PROCESS:
        return key_process(grouping, stream, place);
    case PMT_BY_STREAM:
        return key_begin(grouping, '=') &&
               key_put(grouping, &number, sizeof number);
    case PMT_BY_LABEL:
        return key_label(grouping, stream, id);
    case PMT_BY_OWN:
        id = pmt_own_site(stream, id).stack;
        break;
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_LINENO:
    case PMT_BY_FUNCTION:
    case PMT_BY_MODULE:
    case PMT_BY_STACK:
    case PMT_BY_TRACEBACK:
        break;
    }
    return pmt_group_key_site(grouping, stream, place, id);
}

bool pmt_group_key_stack(struct pmt_grouping *grouping, uint32_t caller,
                         uint32_t site)
{
    return key_begin(grouping, 'S') && key_put_u32(grouping, caller) &&
           key_put_u32(grouping, site);
}
