/* dump-text.c: the text lines of dump.h but those of records. */
#include <string.h>

#include "dump-text.h"
#include "names.h"
#include "pmt/record.h"

/* ---- tables ------------------------------------------------------------ */

static void put_string(struct pmt_dump *d, const struct pmt_stream *s,
                       uint64_t id)
{
    struct pmt_text text = {NULL, 0};

    if (id <= UINT32_MAX)
        pmt_stream_string(s, (uint32_t)id, &text);
    pmt_put_tab(d);
    pmt_put_text(d, text);
}

/* What each column of a table holds, from column 1 on. */
static const char *table_columns(uint32_t kind)
{
    switch (kind) {
    case PMT_KIND_CODES:
        return "ssn";
    case PMT_KIND_CFUNCTIONS:
        return "ss";
    case PMT_KIND_TYPES:
        return "snn";
    case PMT_KIND_THREADS:
        return "nns";
    case PMT_KIND_CLASSES:
        return "nnnnn";
    default:
        return "";
    }
}

static void put_entry(struct pmt_dump *d, const struct pmt_event *event,
                      uint32_t i)
{
    uint64_t id = pmt_dump_at(d, 0, i);
    const char *columns = table_columns(event->envelope.kind);

    pmt_put_u64(d, id);
    if (event->envelope.kind == PMT_KIND_STRINGS)
        put_string(d, event->stream, id);
    if (event->envelope.kind == PMT_KIND_STACKS) {
        pmt_put_key(d, "parent");
        pmt_put_u64(d, id - pmt_dump_at(d, 1, i));
        pmt_put_stack(d, event->stream, id);
    }
    for (unsigned c = 0; columns[c] != '\0'; c++) {
        if (columns[c] == 's') {
            put_string(d, event->stream, pmt_dump_at(d, c + 1, i));
        } else {
            pmt_put_tab(d);
            pmt_put_u64(d, pmt_dump_at(d, c + 1, i));
        }
    }
}

static void put_table(struct pmt_dump *d, const struct pmt_event *event)
{
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        pmt_put_begin(d, event, pmt_kind_name(event->envelope.kind));
        pmt_put_tab(d);
        put_entry(d, event, i);
        putc_unlocked('\n', d->file);
    }
}

/* ---- the rest ---------------------------------------------------------- */

static void put_stream(struct pmt_dump *d, const struct pmt_event *event)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);
    char uuid[PMT_UUID_SIZE], wall[PMT_WALL_SIZE];

    pmt_put_begin(d, event, "stream");
    pmt_put_tab(d);
    pmt_put(d, pmt_name_uuid(uuid, h->uuid));
    pmt_put_tab(d);
    pmt_put(d, pmt_name_wall(wall, h->start_real_ns));
    if (h->part > 0) {
        pmt_put_key(d, "part");
        pmt_put_u64(d, h->part);
    }
    if (h->has_pid) {
        pmt_put_key(d, "pid");
        pmt_put_u64(d, h->pid);
    }
    if (h->python.bytes != NULL) {
        pmt_put_tab(d);
        pmt_put_text(d, h->python);
    }
    for (size_t i = 0; i < h->argc; i++) {
        putc_unlocked(i ? ' ' : '\t', d->file);
        pmt_put_text(d, h->argv[i]);
    }
    putc_unlocked('\n', d->file);
}

static void put_end(struct pmt_dump *d, const struct pmt_event *event)
{
    pmt_put_begin(d, event, "end");
    pmt_put_key(d, "chunks");
    pmt_put_u64(d, event->end_chunks);
    pmt_put_key(d, "records");
    pmt_put_u64(d, event->end_records);
    pmt_put_key(d, "lost");
    pmt_put_u64(d, event->end_lost);
    pmt_put(d, event->end_clean ? "\tclean"
               : event->end_dump ? "\tdump"
                                 : "\trecovered");
    putc_unlocked('\n', d->file);
}

static void put_opaque(struct pmt_dump *d, const struct pmt_event *event,
                       const char *kind)
{
    pmt_put_begin(d, event, kind);
    pmt_put_key(d, "number");
    pmt_put_u64(d, event->envelope.kind);
    pmt_put_key(d, "count");
    pmt_put_u64(d, event->envelope.count);
    putc_unlocked('\n', d->file);
}

static void put_damage(struct pmt_dump *d, const struct pmt_event *event)
{
    pmt_put(d, "-\t-\tdamage\t");
    pmt_put(d, pmt_status_name(event->damage.code));
    pmt_put_key(d, "byte");
    pmt_put_u64(d, event->damage.offset);
    pmt_put_tab(d);
    pmt_put(d, event->damage.message);
    putc_unlocked('\n', d->file);
}

static void put_refused(struct pmt_dump *d, const struct pmt_event *event)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);

    pmt_put_begin(d, event, "refused");
    pmt_put_key(d, "version");
    pmt_put_u64(d, h->major);
    putc_unlocked('.', d->file);
    pmt_put_u64(d, h->minor);
    putc_unlocked('\n', d->file);
}

void pmt_dump_text(struct pmt_dump *d, const struct pmt_event *event)
{
    switch (event->type) {
    case PMT_EVENT_STREAM:
        /* It may be a known one anew. */
        memset(d->sites, 0, sizeof d->sites);
        if (pmt_dump_kind(d, PMT_KIND_STREAM))
            put_stream(d, event);
        break;
    case PMT_EVENT_TABLE:
    case PMT_EVENT_RECORDS:
        if (!pmt_dump_kind(d, event->envelope.kind))
            break;
        if (pmt_dump_is_table(event->envelope.kind))
            put_table(d, event);
        else
            pmt_put_records(d, event);
        break;
    case PMT_EVENT_END:
        if (pmt_dump_kind(d, PMT_KIND_END))
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
