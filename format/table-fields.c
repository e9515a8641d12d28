/* table-fields.c - entries of tables by column (table-fields.h). */
#include "table-fields.h"

#include <string.h>

unsigned pmt_table_fields(const struct pmt_stream *s, enum pmt_kind kind,
                          uint32_t id, uint64_t fields[PMT_TABLE_FIELDS])
{
    struct pmt_code code = {0};
    struct pmt_cfunction cfunction = {0};
    struct pmt_type type = {0};
    struct pmt_site site = {0};
    struct pmt_thread thread = {0};
    struct pmt_class class = {0};
    uint64_t v[PMT_TABLE_FIELDS] = {0};
    unsigned n = 0;
    bool there = false;

    switch ((unsigned)kind) {
    case PMT_KIND_CODES:
        there = pmt_stream_code(s, id, &code);
        v[n++] = code.file_string;
        v[n++] = code.function_string;
        v[n++] = code.first_line;
        break;
    case PMT_KIND_CFUNCTIONS:
        there = pmt_stream_cfunction(s, id, &cfunction);
        v[n++] = cfunction.name_string;
        v[n++] = cfunction.module_string;
        break;
    case PMT_KIND_TYPES:
        there = pmt_stream_type(s, id, &type);
        v[n++] = type.name_string;
        v[n++] = type.basic_size;
        v[n++] = type.item_size;
        break;
    case PMT_KIND_STACKS:
        there = pmt_stream_site(s, id, &site);
        v[n++] = id - site.parent;
        v[n++] = site.code;
        v[n++] = site.line;
        break;
    case PMT_KIND_THREADS:
        there = pmt_stream_thread(s, id, &thread);
        v[n++] = thread.native_id;
        v[n++] = thread.ident;
        v[n++] = thread.name_string;
        break;
    case PMT_KIND_CLASSES:
        there = pmt_stream_class(s, id, &class);
        v[n++] = class.kind;
        v[n++] = class.what;
        v[n++] = class.stack;
        v[n++] = class.type;
        v[n++] = class.cfunction;
        break;
    default:
        break;
    }
    memcpy(fields, v, sizeof v);
    return there || id == 0 ? n : 0;
}
