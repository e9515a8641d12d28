/* writer-define.c - definitions of a writer (spec 6). */
#include "writer-private.h"
#include "writer-resume.h"

int pmt_writer_defined(int rc, uint32_t id, struct pmt_error *err)
{
    switch (rc) {
    case PMT_OK:
        return rc;
    case PMT_ERR_ARGUMENT:
        return pmt_error_set(err, rc, PMT_NO_OFFSET,
                             "id %u is 0, is defined, or refers forward", id);
    case PMT_ERR_LIMIT:
        return pmt_error_set(err, rc, PMT_NO_OFFSET,
                             "id %u is over the limit of %u", id, PMT_ID_MAX);
    default:
        return pmt_error_set_memory(err);
    }
}

int pmt_writer_define_code(struct pmt_writer *w, uint32_t id,
                           const char *file, size_t file_bytes,
                           const char *function, size_t function_bytes,
                           uint32_t first_line, struct pmt_error *err)
{
    uint32_t file_id, function_id;
    int rc = pmt_defs_string(w->defs, file, file_bytes, &file_id);

    if (rc == PMT_OK) {
        rc = pmt_defs_string(w->defs, function, function_bytes, &function_id);
    }
    if (rc == PMT_OK) {
        rc = pmt_defs_set(w->defs, PMT_TABLE_CODES, id,
                          (const uint64_t[PMT_DEF_FIELDS]){
                              file_id, function_id, first_line},
                          false);
    }
    return pmt_writer_defined(rc, id, err);
}

int pmt_writer_define_stack(struct pmt_writer *w, uint32_t id,
                            uint32_t parent, uint32_t code, uint32_t line,
                            struct pmt_error *err)
{
    const uint64_t fields[PMT_DEF_FIELDS] = {parent, code, line};

    return pmt_writer_defined(pmt_defs_set(w->defs, PMT_TABLE_STACKS, id, fields, false),
                   id, err);
}

int pmt_writer_define_type(struct pmt_writer *w, uint32_t id,
                           const char *name, size_t name_bytes,
                           uint32_t basic_size, uint32_t item_size,
                           struct pmt_error *err)
{
    uint32_t name_id;
    int rc = pmt_defs_string(w->defs, name, name_bytes, &name_id);

    if (rc == PMT_OK) {
        rc = pmt_defs_set(w->defs, PMT_TABLE_TYPES, id,
                          (const uint64_t[PMT_DEF_FIELDS]){
                              name_id, basic_size, item_size},
                          false);
    }
    return pmt_writer_defined(rc, id, err);
}

int pmt_writer_define_thread(struct pmt_writer *w, uint32_t id,
                             uint64_t native_id, uint64_t ident,
                             const char *name, size_t name_bytes,
                             struct pmt_error *err)
{
    uint32_t name_id = 0;
    int rc = PMT_OK;

    if (name_bytes) {
        rc = pmt_defs_string(w->defs, name, name_bytes, &name_id);
    }
    if (rc == PMT_OK) {
        rc = pmt_defs_set(
            w->defs, PMT_TABLE_THREADS, id,
            (const uint64_t[PMT_DEF_FIELDS]){native_id, ident, name_id},
            true);
    }
    return pmt_writer_defined(rc, id, err);
}

int pmt_writer_define_cfunction(struct pmt_writer *w, uint32_t id,
                                const char *name, size_t name_bytes,
                                const char *module, size_t module_bytes,
                                struct pmt_error *err)
{
    uint32_t name_id, module_id = 0;
    int rc = pmt_defs_string(w->defs, name, name_bytes, &name_id);

    if (rc == PMT_OK && module_bytes) {
        rc = pmt_defs_string(w->defs, module, module_bytes, &module_id);
    }
    if (rc == PMT_OK) {
        rc = pmt_defs_set(
            w->defs, PMT_TABLE_CFUNCTIONS, id,
            (const uint64_t[PMT_DEF_FIELDS]){name_id, module_id}, false);
    }
    return pmt_writer_defined(rc, id, err);
}

int pmt_writer_define_class(struct pmt_writer *w, uint32_t number,
                            enum pmt_kind kind, unsigned what, uint32_t stack,
                            uint32_t cfunction, struct pmt_error *err)
{
    const uint64_t fields[PMT_DEF_FIELDS] = {kind, what, stack, 0, cfunction};
    bool known = (kind == PMT_KIND_CALL && what < PMT_CALL_WHATS) ||
                 (kind == PMT_KIND_LINE && what < PMT_LINE_WHATS);
    int rc = number > PMT_CLASS_NUMBER_MAX ? PMT_ERR_LIMIT : PMT_OK;

    if (!known) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "kind %u has no such class", kind);
    }
    rc = rc < 0 ? rc
                : pmt_defs_set(w->defs, PMT_TABLE_CLASSES,
                               pmt_call_class(number), fields, false);
    return pmt_writer_defined(rc, number, err);
}

/* Ids have no gaps but those of what was lost. What lies far beyond as many
 * as the stream has is not taken over: a hostile trace could make tables of
 * any size with a few great ids. */
static uint32_t believable_end(const struct pmt_stream *s,
                               enum pmt_def_table table, uint32_t end)
{
    uint64_t stated = 0;

    for (uint32_t id = 1; id < end; id++) {
        stated += pmt_defs_is_stated(table, id, s);
    }
    return stated * 16 + 65536 < end ? (uint32_t)(stated * 16 + 65536) : end;
}

uint32_t pmt_writer_table_end(const struct pmt_writer *w, enum pmt_kind kind)
{
    for (unsigned table = 0; table < PMT_TABLES; table++) {
        if (pmt_table_kind(table) == kind) {
            return pmt_defs_end(w->defs, table);
        }
    }
    return 0;
}

int pmt_writer_load_tables(struct pmt_writer *w, const struct pmt_stream *s,
                           struct pmt_error *err)
{
    static const struct {
        enum pmt_def_table table;
        enum pmt_kind kind;
    } order[] = {{PMT_TABLE_STRINGS, PMT_KIND_STRINGS},
                 {PMT_TABLE_CODES, PMT_KIND_CODES},
                 {PMT_TABLE_CFUNCTIONS, PMT_KIND_CFUNCTIONS},
                 {PMT_TABLE_TYPES, PMT_KIND_TYPES},
                 {PMT_TABLE_STACKS, PMT_KIND_STACKS},
                 {PMT_TABLE_THREADS, PMT_KIND_THREADS},
                 {PMT_TABLE_CLASSES, PMT_KIND_CLASSES}};

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        uint32_t end =
            believable_end(s, order[i].table,
                           pmt_stream_table_size(s, order[i].kind));

        for (uint32_t id = 1; id < end; id++) {
            int rc = pmt_defs_load(w->defs, order[i].table, id, s);

            if (rc < 0) {
                return pmt_writer_defined(rc, id, err);
            }
        }
    }
    pmt_defs_forget_new(w->defs);
    return PMT_OK;
}
