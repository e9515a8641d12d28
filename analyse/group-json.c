/* group-json.c: see group-json.h. */
#include "group-json.h"

#include "names.h"
#include "own-site.h"

static void json_text(struct pmt_json *json, const char *key,
                      struct pmt_text text)
{
    if (text.bytes)
        pmt_json_bytes(json, key, text.bytes, text.length);
    else
        pmt_json_null(json, key);
}

static void json_site(struct pmt_json *json, const struct pmt_stream *stream,
                      uint32_t stack, enum pmt_group_by by)
{
    struct pmt_site site = {0};
    struct pmt_code code = {0};

    if (pmt_stream_site(stream, stack, &site))
        pmt_stream_code(stream, site.code, &code);
    json_text(json, "file", code.file);
    if (by == PMT_BY_FILE)
        return;
    if (by != PMT_BY_FUNCTION)
        pmt_json_u64(json, "line", site.line);
    if (by != PMT_BY_LINENO && by != PMT_BY_TRACEBACK)
        json_text(json, "function", code.function);
}

void pmt_group_json_stack(struct pmt_json *json,
                          const struct pmt_group *group)
{
    struct pmt_site site;
    uint32_t id = group->id;

    pmt_json_array_begin(json, "stack");
    while (pmt_stream_site(group->stream, id, &site)) {
        pmt_json_object_begin(json, NULL);
        json_site(json, group->stream, id, PMT_BY_SITE);
        pmt_json_object_end(json);
        if (site.parent >= id)
            break;
        id = site.parent;
    }
    pmt_json_array_end(json);
}

/* As the group is called; null where the file is not known. */
static void json_module(struct pmt_json *json, const struct pmt_group *group)
{
    struct pmt_grouping by = {.by = PMT_BY_MODULE};
    struct pmt_site site = {0};
    struct pmt_code code = {0};
    char name[PMT_NAME_SIZE];

    if (pmt_stream_site(group->stream, group->id, &site))
        pmt_stream_code(group->stream, site.code, &code);
    if (code.file.bytes)
        pmt_group_name(name, sizeof name, &by, group);
    pmt_json_string(json, "module", code.file.bytes ? name : NULL);
}

static void json_type(struct pmt_json *json, const struct pmt_group *group)
{
    struct pmt_type type = {0};

    pmt_stream_type(group->stream, group->id, &type);
    json_text(json, "type", type.name);
    pmt_json_u64(json, "basic_size", type.basic_size);
    pmt_json_u64(json, "item_size", type.item_size);
    pmt_json_u64(json, "types", group->ids);
}

static void json_thread(struct pmt_json *json, const struct pmt_group *group)
{
    struct pmt_thread thread = {0};

    pmt_stream_thread(group->stream, group->id, &thread);
    json_text(json, "thread", thread.name);
    pmt_json_u64(json, "native_id", thread.native_id);
}

void pmt_group_json(struct pmt_json *json, enum pmt_group_by by,
                    const struct pmt_group *group)
{
    struct pmt_text label = {0};
    const struct pmt_stream_header *header;
    struct pmt_range range;
    char key[PMT_KEY_SIZE];

    switch (by) {
    case PMT_BY_TYPE:
        json_type(json, group);
        break;
    case PMT_BY_THREAD:
        json_thread(json, group);
        break;
    case PMT_BY_DOMAIN:
        if (pmt_domain_name(group->id))
            pmt_json_string(json, "domain", pmt_domain_name(group->id));
        else
            pmt_json_u64(json, "domain", group->id);
        break;
    case PMT_BY_PROCESS:
        header = pmt_stream_header(group->stream);
        if (header->has_pid)
            pmt_json_u64(json, "pid", header->pid);
        else
            pmt_json_null(json, "pid");
        break;
    case PMT_BY_STREAM:
        pmt_json_string(json, "stream",
                        pmt_name_key(key, pmt_stream_key(group->stream)));
        break;
    case PMT_BY_LABEL:
        pmt_group_label(group->stream, group->id, &label);
        json_text(json, "label", label);
        break;
    case PMT_BY_SIZE:
        range = pmt_size_class_range(group->id);
        pmt_json_u64(json, "size_low", range.low);
        pmt_json_u64(json, "size_high", range.high);
        break;
    case PMT_BY_MODULE:
        json_module(json, group);
        break;
    case PMT_BY_OWN:
        json_site(json, group->stream,
                  pmt_own_site(group->stream, group->id).stack, PMT_BY_SITE);
        break;
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_LINENO:
    case PMT_BY_FUNCTION:
    case PMT_BY_STACK:
    case PMT_BY_TRACEBACK:
        json_site(json, group->stream, group->id, by);
        break;
    }
}
