/* group-name.c: what groups and streams are called; see group.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "group.h"
#include "names.h"
#include "own-site.h"

const char *const pmt_group_by_names[] = {
    "type",      "site",   "file",    "lineno", "function", "module", "stack",
    "traceback", "thread", "process", "stream", "domain",   "label",  "size",
    "own",       NULL,
};

const char *const pmt_group_sort_names[] = {"bytes", "count", NULL};

/* Puts `length` more bytes behind `used` ones, as names.h does. */
static size_t append(char *buffer, size_t size, size_t used, const char *bytes,
                     size_t length)
{
    if (used + 1 < size) {
        size_t room = size - used - 1;

        if (room > length)
            room = length;
        memcpy(buffer + used, bytes, room);
        buffer[used + room] = '\0';
    }
    return used + length;
}

static size_t append_format(char *buffer, size_t size, size_t used,
                            const char *before, uint64_t number,
                            const char *after)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%s%" PRIu64 "%s", before,
                          number, after);

    return append(buffer, size, used, text, (size_t)length);
}

size_t pmt_stream_name(char *buffer, size_t size, const struct pmt_stream *s)
{
    const struct pmt_stream_header *header;
    size_t used = 0;

    header = pmt_stream_header(s);
    if (header->has_pid)
        used = append_format(buffer, size, 0, "pid ", header->pid, "");
    else
        used = append_format(buffer, size, 0, "stream ",
                             pmt_stream_index(s) + (uint64_t)1, "");
    for (size_t i = 0; header->argv && i < header->argc; i++) {
        used = append(buffer, size, used, i ? " " : ": ", i ? 1 : 2);
        if (header->argv[i].bytes)
            used = append(buffer, size, used, header->argv[i].bytes,
                          header->argv[i].length);
    }
    return used;
}

static size_t function_name(char *buffer, size_t size,
                            const struct pmt_group *group)
{
    char file[PMT_NAME_SIZE];
    struct pmt_site site;
    struct pmt_code code;
    size_t used = pmt_name_function(buffer, size, group->stream, group->id);
    size_t length;

    if (!pmt_stream_site(group->stream, group->id, &site) ||
        !pmt_stream_code(group->stream, site.code, &code))
        return used;
    length = pmt_name_file(file, sizeof file, group->stream, group->id);
    length = length < sizeof file ? length : sizeof file - 1;
    used = append(buffer, size, used, " (", 2);
    used = append(buffer, size, used, file, length);
    return append(buffer, size, used, ")", 1);
}

static size_t thread_name(char *buffer, size_t size,
                          const struct pmt_group *group)
{
    size_t used = pmt_name_thread(buffer, size, group->stream, group->id);
    struct pmt_thread thread;

    if (group->id && pmt_stream_thread(group->stream, group->id, &thread) &&
        thread.name.length > 0)
        used = append_format(buffer, size, used, " (", thread.native_id, ")");
    return used;
}

static size_t label_name(char *buffer, size_t size,
                         const struct pmt_group *group)
{
    struct pmt_text label;

    if (!pmt_group_label(group->stream, group->id, &label))
        return append(buffer, size, 0, "(no label)", 10);
    if (!label.bytes)
        return append(buffer, size, 0, "?", 1);
    return append(buffer, size, 0, label.bytes, label.length);
}

/* "app.py:12" */
static size_t line_name(char *buffer, size_t size,
                        const struct pmt_group *group)
{
    struct pmt_site site;
    size_t used = pmt_name_file(buffer, size, group->stream, group->id);

    if (!pmt_stream_site(group->stream, group->id, &site))
        return used;
    return append_format(buffer, size, used, ":", site.line, "");
}

static size_t module_name(char *buffer, size_t size,
                          const struct pmt_group *group)
{
    struct pmt_text module = {NULL, 0};
    struct pmt_site site;
    struct pmt_code code;
    size_t used;

    if (pmt_stream_site(group->stream, group->id, &site) &&
        pmt_stream_code(group->stream, site.code, &code))
        module = pmt_group_module(code.file);
    if (!module.bytes)
        return pmt_name_file(buffer, size, group->stream, group->id);
    used = append(buffer, size, 0, module.bytes, module.length);
    for (size_t i = 0; i < used && i + 1 < size; i++)
        if (buffer[i] == '/')
            buffer[i] = '.';
    return used;
}

/* "17..32 bytes" */
static size_t size_name(char *buffer, size_t size,
                        const struct pmt_group *group)
{
    struct pmt_range range = pmt_size_class_range(group->id);
    size_t used = append_format(buffer, size, 0, "", range.low, "");

    if (range.high > range.low)
        used = append_format(buffer, size, used, "..", range.high, "");
    return append(buffer, size, used, range.high == 1 ? " byte" : " bytes",
                  range.high == 1 ? 5 : 6);
}

static size_t stack_name(char *buffer, size_t size, enum pmt_group_by by,
                         const struct pmt_group *group)
{
    if (!group->id)
        return append(buffer, size, 0, "(no Python frame)", 17);
    if (by == PMT_BY_FILE)
        return pmt_name_file(buffer, size, group->stream, group->id);
    if (by == PMT_BY_LINENO || by == PMT_BY_TRACEBACK)
        return line_name(buffer, size, group);
    if (by == PMT_BY_MODULE)
        return module_name(buffer, size, group);
    if (by == PMT_BY_FUNCTION)
        return function_name(buffer, size, group);
    return pmt_name_site(buffer, size, group->stream, group->id);
}

size_t pmt_group_name(char *buffer, size_t size,
                      const struct pmt_grouping *grouping,
                      const struct pmt_group *group)
{
    struct pmt_group own = *group;
    const char *domain;
    size_t used;

    switch (grouping->by) {
    case PMT_BY_TYPE:
        used = pmt_name_type(buffer, size, group->stream, group->id);
        if (group->twin)
            used = append_format(buffer, size, used, " #", group->twin, "");
        return used;
    case PMT_BY_THREAD:
        return thread_name(buffer, size, group);
    case PMT_BY_DOMAIN:
        domain = pmt_domain_name(group->id);
        if (!domain)
            return append_format(buffer, size, 0, "(unknown domain ",
                                 group->id, ")");
        return append(buffer, size, 0, domain, strlen(domain));
    case PMT_BY_PROCESS:
    case PMT_BY_STREAM:
        return pmt_stream_name(buffer, size, group->stream);
    case PMT_BY_LABEL:
        return label_name(buffer, size, group);
    case PMT_BY_OWN:
        own.id = pmt_own_site(group->stream, group->id).stack;
        return stack_name(buffer, size, PMT_BY_SITE, &own);
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_LINENO:
    case PMT_BY_FUNCTION:
    case PMT_BY_MODULE:
    case PMT_BY_STACK:
    case PMT_BY_TRACEBACK:
        break;
    case PMT_BY_SIZE:
        return size_name(buffer, size, group);
    }
    return stack_name(buffer, size, grouping->by, group);
}
