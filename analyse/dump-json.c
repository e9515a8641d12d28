/* dump-json.c: the JSON lines of spec 12. The order of the keys is the
 * spec's; a test compares every vector with the independent reader. */
#include "dump.h"
#include "dump-json.h"
#include "names.h"
#include "pmt/record.h"

void pmt_dump_json_header(struct pmt_dump *d)
{
    struct pmt_json *j = &d->json;

    pmt_json_line_begin(j);
    pmt_json_string(j, "format", "pmt");
    pmt_json_array_begin(j, "version");
    pmt_json_u64(j, NULL, 1);
    pmt_json_u64(j, NULL, 0);
    pmt_json_array_end(j);
    pmt_json_line_end(j);
}

void pmt_dump_json_begin(struct pmt_dump *d, const struct pmt_event *event,
                  const char *kind)
{
    char key[PMT_KEY_SIZE];

    pmt_json_line_begin(&d->json);
    pmt_json_string(&d->json, "kind", kind);
    pmt_json_string(&d->json, "stream",
                    pmt_name_key(key, event->envelope.stream_key));
}

void pmt_dump_json_text(struct pmt_json *j, const char *key,
                     struct pmt_text text)
{
    if (text.bytes != NULL)
        pmt_json_bytes(j, key, text.bytes, text.length);
    else
        pmt_json_null(j, key);
}

void pmt_dump_json_optional(struct pmt_json *j, const char *key, bool there,
                         uint64_t value)
{
    if (there)
        pmt_json_u64(j, key, value);
    else
        pmt_json_null(j, key);
}

/* ---- stream ------------------------------------------------------------ */

static void put_texts(struct pmt_json *j, const char *key,
                      const struct pmt_text *texts, size_t count)
{
    if (texts == NULL) {
        pmt_json_null(j, key);
        return;
    }
    pmt_json_array_begin(j, key);
    for (size_t i = 0; i < count; i++)
        pmt_dump_json_text(j, NULL, texts[i]);
    pmt_json_array_end(j);
}

static void put_id(struct pmt_json *j, const char *key, bool there,
                   const uint8_t id[16])
{
    if (there)
        pmt_json_hex_bytes(j, key, id, 16);
    else
        pmt_json_null(j, key);
}

static void put_process(struct pmt_json *j, const struct pmt_stream_header *h)
{
    pmt_dump_json_optional(j, "pid", h->has_pid, h->pid);
    pmt_dump_json_optional(j, "ppid", h->has_ppid, h->ppid);
    put_texts(j, "argv", h->argv, h->argc);
    pmt_dump_json_text(j, "executable", h->executable);
    pmt_dump_json_text(j, "python", h->python);
    pmt_dump_json_text(j, "host", h->host);
    pmt_dump_json_text(j, "system", h->system);
}

static void put_version(struct pmt_json *j, const struct pmt_stream_header *h)
{
    pmt_json_array_begin(j, "version");
    pmt_json_u64(j, NULL, h->major);
    pmt_json_u64(j, NULL, h->minor);
    pmt_json_array_end(j);
}

static void put_settings(struct pmt_json *j,
                         const struct pmt_stream_header *h)
{
    if (h->settings == NULL) {
        pmt_json_null(j, "settings");
        return;
    }
    pmt_json_object_begin(j, "settings");
    for (size_t i = 0; i < h->setting_count; i++) {
        pmt_json_key(j, h->settings[2 * i].bytes, h->settings[2 * i].length);
        pmt_dump_json_text(j, "", h->settings[2 * i + 1]);
    }
    pmt_json_object_end(j);
}

static void put_part(struct pmt_json *j, const struct pmt_stream_header *h)
{
    pmt_json_u64(j, "part", h->part);
    if (!h->has_before) {
        pmt_json_null(j, "before");
        return;
    }
    pmt_json_object_begin(j, "before");
    for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
        if (h->before_kinds >> kind & 1)
            pmt_json_u64(j, pmt_kind_name(kind), h->before[kind]);
    pmt_json_object_end(j);
}

static void put_stream(struct pmt_dump *d, const struct pmt_event *event)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);
    struct pmt_json *j = &d->json;

    pmt_dump_json_begin(d, event, "stream");
    put_version(j, h);
    pmt_dump_json_text(j, "producer", h->producer);
    pmt_json_u64(j, "tick_ns", h->tick_ns);
    pmt_json_u64(j, "clock", h->clock);
    pmt_json_u64(j, "rss_unit", h->rss_unit);
    put_process(j, h);
    put_id(j, "boot", h->has_boot, h->boot);
    put_texts(j, "hooks", h->hooks, h->hook_count);
    put_settings(j, h);
    put_id(j, "session", h->has_session, h->session);
    put_id(j, "parent", h->has_parent, h->parent);
    put_id(j, "uuid", true, h->uuid);
    pmt_json_array_begin(j, "start");
    pmt_json_u64(j, NULL, h->start_mono_ns);
    pmt_json_i64(j, NULL, h->start_real_ns);
    pmt_json_u64(j, NULL, h->start_uncertainty_ns);
    pmt_json_array_end(j);
    put_part(j, h);
    if (h->filter != NULL)
        put_texts(j, "filter", h->filter, h->filter_count);
    if (h->archive.there) {
        pmt_json_array_begin(j, "archive");
        pmt_json_hex_bytes(j, NULL, h->archive.digest,
                           sizeof h->archive.digest);
        pmt_json_u64(j, NULL, h->archive.chunk_records);
        if (h->archive.split > 0)
            pmt_json_u64(j, NULL, h->archive.split);
        pmt_json_array_end(j);
    }
    pmt_json_line_end(j);
}

/* ---- tables ------------------------------------------------------------ */

static void put_string(struct pmt_dump *d, const struct pmt_event *event,
                       const char *key, uint64_t id)
{
    struct pmt_text text;

    if (id > UINT32_MAX ||
        !pmt_stream_string(event->stream, (uint32_t)id, &text))
        text = (struct pmt_text){NULL, 0};
    pmt_dump_json_text(&d->json, key, text);
}

/* A key of a table's line and the column it is from. */
struct field {
    const char *key;
    unsigned column;
    bool is_string; /* the value is a string id: its text is printed */
};

static const struct field code_fields[] = {
    {"file", 1, true}, {"function", 2, true}, {"first_line", 3, false}, {0}};
static const struct field cfunction_fields[] = {
    {"name", 1, true}, {"module", 2, true}, {0}};
static const struct field type_fields[] = {{"name", 1, true},
                                           {"basic_size", 2, false},
                                           {"item_size", 3, false},
                                           {0}};
static const struct field stack_fields[] = {
    {"parent", 1, false}, {"code", 2, false}, {"line", 3, false}, {0}};
static const struct field thread_fields[] = {
    {"native_id", 1, false}, {"ident", 2, false}, {"name", 3, true}, {0}};
static const struct field class_fields[] = {
    {"of", 1, false},   {"what", 2, false},      {"stack", 3, false},
    {"type", 4, false}, {"cfunction", 5, false}, {0}};

static const struct field *table_fields(uint32_t kind)
{
    switch (kind) {
    case PMT_KIND_CODES:
        return code_fields;
    case PMT_KIND_CFUNCTIONS:
        return cfunction_fields;
    case PMT_KIND_TYPES:
        return type_fields;
    case PMT_KIND_STACKS:
        return stack_fields;
    case PMT_KIND_THREADS:
        return thread_fields;
    case PMT_KIND_CLASSES:
        return class_fields;
    default: /* strings are put in place */
        return NULL;
    }
}

static void put_table(struct pmt_dump *d, const struct pmt_event *event)
{
    const struct field *fields = table_fields(event->envelope.kind);
    struct pmt_dump_column ids = pmt_dump_column(d, 0), columns[5];

    if (fields == NULL)
        return;
    for (size_t f = 0; fields[f].key != NULL; f++)
        columns[f] = pmt_dump_column(d, fields[f].column);
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t id = pmt_dump_value(ids, i);

        pmt_dump_json_begin(d, event, pmt_kind_name(event->envelope.kind));
        pmt_json_u64(&d->json, "id", id);
        for (size_t f = 0; fields[f].key != NULL; f++) {
            uint64_t value = pmt_dump_value(columns[f], i);

            if (fields[f].is_string)
                put_string(d, event, fields[f].key, value);
            else if (event->envelope.kind == PMT_KIND_STACKS && f == 0)
                pmt_json_u64(&d->json, fields[f].key, id - value);
            else
                pmt_json_u64(&d->json, fields[f].key, value);
        }
        pmt_json_line_end(&d->json);
    }
}

/* ---- the rest ---------------------------------------------------------- */

static void put_end(struct pmt_dump *d, const struct pmt_event *event)
{
    pmt_dump_json_begin(d, event, "end");
    pmt_json_u64(&d->json, "chunks", event->end_chunks);
    pmt_json_u64(&d->json, "records", event->end_records);
    pmt_json_u64(&d->json, "lost", event->end_lost);
    pmt_json_bool(&d->json, "clean", event->end_clean);
    if (event->end_dump)
        pmt_json_bool(&d->json, "dump", true);
    pmt_json_line_end(&d->json);
}

/* A chunk that can't be shown: its number, its count. */
static void put_opaque(struct pmt_dump *d, const struct pmt_event *event,
                       const char *kind)
{
    pmt_dump_json_begin(d, event, kind);
    pmt_json_u64(&d->json, "number", event->envelope.kind);
    pmt_json_u64(&d->json, "count", event->envelope.count);
    if (event->type == PMT_EVENT_FEATURES) {
        pmt_json_array_begin(&d->json, "features");
        for (size_t i = 0; i < event->feature_count; i++)
            pmt_json_u64(&d->json, NULL, event->features[i]);
        pmt_json_array_end(&d->json);
    }
    pmt_json_line_end(&d->json);
}

static void put_damage(struct pmt_dump *d, const struct pmt_event *event)
{
    pmt_json_line_begin(&d->json);
    pmt_json_string(&d->json, "kind", "damage");
    pmt_json_string(&d->json, "status", pmt_status_name(event->damage.code));
    pmt_json_u64(&d->json, "offset", event->damage.offset);
    pmt_json_line_end(&d->json);
}

static void put_refused(struct pmt_dump *d, const struct pmt_event *event)
{
    pmt_dump_json_begin(d, event, "refused");
    put_version(&d->json, pmt_stream_header(event->stream));
    pmt_json_line_end(&d->json);
}

void pmt_dump_json(struct pmt_dump *d, const struct pmt_event *event)
{
    switch (event->type) {
    case PMT_EVENT_STREAM:
        put_stream(d, event);
        break;
    case PMT_EVENT_TABLE:
    case PMT_EVENT_RECORDS:
        if (!pmt_dump_kind(d, event->envelope.kind))
            break;
        if (pmt_dump_is_table(event->envelope.kind))
            put_table(d, event);
        else
            pmt_dump_json_records(d, event);
        break;
    case PMT_EVENT_END:
        put_end(d, event);
        break;
    case PMT_EVENT_UNKNOWN:
        put_opaque(d, event, "unknown");
        break;
    case PMT_EVENT_FEATURES:
        put_opaque(d, event, "skipped");
        break;
    case PMT_EVENT_UNREADABLE:
        put_opaque(d, event, "unreadable");
        break;
    case PMT_EVENT_REFUSED:
        put_refused(d, event);
        break;
    case PMT_EVENT_DAMAGE:
        put_damage(d, event);
        break;
    case PMT_EVENT_SKIPPED_CHUNK:
    case PMT_EVENT_FOREIGN:
    case PMT_EVENT_INDEX:
    case PMT_EVENT_JOURNAL:
        break;
    }
}
