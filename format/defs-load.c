/* defs-load.c - tables of a stream that was read, to write it on. */
#include "writer-resume.h"

static int load_string(struct pmt_defs *d, uint32_t id,
                       const struct pmt_stream *s)
{
    struct pmt_text text;

    if (!pmt_stream_string(s, id, &text)) {
        return PMT_OK;
    }
    return pmt_defs_load_string(d, id, text.bytes, text.length);
}

/* The fields of an entry in the order of spec 6.2; false: not stated. */
static bool entry_fields(enum pmt_def_table table, uint32_t id,
                         const struct pmt_stream *s,
                         uint64_t fields[PMT_DEF_FIELDS])
{
    struct pmt_code code;
    struct pmt_cfunction cfunction;
    struct pmt_type type;
    struct pmt_site site;
    struct pmt_thread thread;
    struct pmt_class class_;

    switch (table) {
    case PMT_TABLE_CODES:
        if (!pmt_stream_code(s, id, &code)) {
            return false;
        }
        fields[0] = code.file_string;
        fields[1] = code.function_string;
        fields[2] = code.first_line;
        return true;
    case PMT_TABLE_CFUNCTIONS:
        if (!pmt_stream_cfunction(s, id, &cfunction)) {
            return false;
        }
        fields[0] = cfunction.name_string;
        fields[1] = cfunction.module_string;
        return true;
    case PMT_TABLE_TYPES:
        if (!pmt_stream_type(s, id, &type)) {
            return false;
        }
        fields[0] = type.name_string;
        fields[1] = type.basic_size;
        fields[2] = type.item_size;
        return true;
    case PMT_TABLE_STACKS:
        if (!pmt_stream_site(s, id, &site)) {
            return false;
        }
        fields[0] = site.parent;
        fields[1] = site.code;
        fields[2] = site.line;
        return true;
    case PMT_TABLE_THREADS:
        if (!pmt_stream_thread(s, id, &thread)) {
            return false;
        }
        fields[0] = thread.native_id;
        fields[1] = thread.ident;
        fields[2] = thread.name_string;
        return true;
    case PMT_TABLE_CLASSES:
        if (!pmt_stream_class(s, id, &class_)) {
            return false;
        }
        fields[0] = class_.kind;
        fields[1] = class_.what;
        fields[2] = class_.stack;
        fields[3] = class_.type;
        fields[4] = class_.cfunction;
        return true;
    case PMT_TABLE_STRINGS:
    case PMT_TABLES:
    default:
        return false;
    }
}

bool pmt_defs_is_stated(enum pmt_def_table table, uint32_t id,
                        const struct pmt_stream *s)
{
    uint64_t fields[PMT_DEF_FIELDS];
    struct pmt_text text;

    return table == PMT_TABLE_STRINGS ? pmt_stream_string(s, id, &text)
                                      : entry_fields(table, id, s, fields);
}

int pmt_defs_load(struct pmt_defs *d, enum pmt_def_table table, uint32_t id,
                  const struct pmt_stream *s)
{
    uint64_t fields[PMT_DEF_FIELDS] = {0};

    if (table == PMT_TABLE_STRINGS) {
        return load_string(d, id, s);
    }
    if (!entry_fields(table, id, s, fields)) {
        return PMT_OK;
    }
    if (table == PMT_TABLE_CLASSES && fields[0] == PMT_KIND_OBJECT) {
        return pmt_defs_load_class(d, id, fields);
    }
    return pmt_defs_set(d, table, id, fields, true);
}
