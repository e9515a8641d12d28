/* info.c: see info.h. */
#include "info.h"

#include <inttypes.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "info-details.h"
#include "names.h"
#include "sampling.h"

#define LINE_WIDTH 79

enum pmt_stream_state
pmt_info_state(const struct pmt_info *info,
               const struct pmt_summary_stream *stream)
{
    if (stream->refused)
        return PMT_STREAM_REFUSED;
    if (stream->has_end)
        return stream->end_clean  ? PMT_STREAM_COMPLETE
               : stream->end_dump ? PMT_STREAM_DUMP
                                  : PMT_STREAM_RECOVERED;
    return info->journal == PMT_JOURNAL_BUSY ? PMT_STREAM_RECORDING
                                             : PMT_STREAM_INCOMPLETE;
}

const char *pmt_stream_state_name(enum pmt_stream_state state)
{
    static const char *const names[] = {
        "complete", "recovered", "incomplete", "recording", "refused", "dump",
    };

    return names[state];
}

/* The recorder counts loss by cause in records and in all in labels; after a
 * crash one may be ahead of the other. */
uint64_t pmt_info_lost(const struct pmt_summary_stream *stream)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < PMT_SUMMARY_CAUSES; i++)
        sum += stream->lost_by_cause[i];
    return sum > stream->lost ? sum : stream->lost;
}

static const char *cause_name(size_t cause)
{
    const char *name = pmt_loss_cause_name(cause);

    return name ? name : "other";
}

static const char *kind_name(size_t kind)
{
    const char *name = pmt_kind_name((uint32_t)kind);

    return name ? name : "unknown";
}

/* ---- text -------------------------------------------------------------- */

static void put_text(FILE *file, struct pmt_text text)
{
    pmt_text_write(file, text.bytes, text.length);
}

/* "    TITLE    TEXT", if it is known. */
static void put_row(FILE *file, const char *title, struct pmt_text text)
{
    if (text.bytes == NULL)
        return;
    fprintf(file, "  %-11s", title);
    put_text(file, text);
    putc('\n', file);
}

static void put_row_list(FILE *file, const char *title,
                         const struct pmt_text *texts, size_t count)
{
    if (texts == NULL || count == 0)
        return;
    fprintf(file, "  %-11s", title);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            putc(' ', file);
        put_text(file, texts[i]);
    }
    putc('\n', file);
}

/* As many in a line as fit; one without a value says nothing. */
static void put_settings(FILE *file, const struct pmt_stream_header *h)
{
    char buffer[PMT_TEXT_SIZE];
    size_t column = 0;

    for (size_t i = 0; i < h->setting_count; i++) {
        struct pmt_text name = h->settings[2 * i];
        struct pmt_text value =
            pmt_info_setting(name, h->settings[2 * i + 1], buffer);
        size_t width = name.length + 1 + value.length;

        if (value.length == 0)
            continue;
        if (column == 0 || column + 1 + width > LINE_WIDTH) {
            fprintf(file, "%s  %-11s", column == 0 ? "" : "\n",
                    column == 0 ? "settings" : "");
            column = 13;
        } else {
            putc(' ', file);
            column++;
        }
        put_text(file, name);
        putc('=', file);
        put_text(file, value);
        column += width;
    }
    if (column > 0)
        putc('\n', file);
}

static void put_process(FILE *file, const struct pmt_stream_header *h)
{
    char uuid[PMT_UUID_SIZE];

    put_row_list(file, "program", h->argv, h->argc);
    put_row(file, "executable", h->executable);
    put_row(file, "python", h->python);
    put_row(file, "host", h->host);
    put_row(file, "system", h->system);
    if (h->has_pid)
        fprintf(file, "  %-11s%" PRIu64 "\n", "pid", h->pid);
    if (h->has_ppid)
        fprintf(file, "  %-11s%" PRIu64 "\n", "parent pid", h->ppid);
    if (h->has_parent)
        fprintf(file, "  %-11s%s\n", "parent", pmt_name_uuid(uuid, h->parent));
    if (h->has_session)
        fprintf(file, "  %-11s%s\n", "session",
                pmt_name_uuid(uuid, h->session));
}

static void put_span(FILE *file, const struct pmt_summary_stream *stream)
{
    uint64_t tick_ns = stream->header ? stream->header->tick_ns : 1;
    char first[PMT_TEXT_SIZE], last[PMT_TEXT_SIZE], wall[PMT_WALL_SIZE];

    if (stream->header != NULL)
        fprintf(file, "  %-11s%s\n", "started",
                pmt_name_wall(wall, stream->header->start_real_ns));
    if (stream->has_time)
        fprintf(file, "  %-11s%s to %s\n", "span",
                pmt_text_seconds(first, stream->t0 * tick_ns),
                pmt_text_seconds(last, stream->t1 * tick_ns));
}

/* Of a stream in parts (5.3): which are here, and what was let go. */
/* What pmt archive wrote: the digest of what it read. */
static void put_archive(FILE *file, const struct pmt_archive_note *note)
{
    char count[PMT_TEXT_SIZE];

    if (!note->there)
        return;
    fprintf(file, "  %-11s", "archive");
    fputs("digest ", file);
    for (size_t i = 0; i < sizeof note->digest; i++)
        fprintf(file, "%02x", note->digest[i]);
    fprintf(file, "\n  %-11sby pmt archive: up to %s records a chunk%s\n", "",
            pmt_text_count(count, note->chunk_records),
            note->split > 0 ? ", split" : "");
}

static void put_parts(FILE *file, const struct pmt_summary_stream *stream)
{
    char count[PMT_TEXT_SIZE], first[PMT_TEXT_SIZE];
    uint64_t tick_ns = stream->header ? stream->header->tick_ns : 1;

    if (stream->headers == 0 || stream->part_last == 0)
        return;
    if (stream->part_first == stream->part_last)
        fprintf(file, "  %-11s%" PRIu32, "part", stream->part_last);
    else
        fprintf(file, "  %-11s%" PRIu32 " to %" PRIu32, "parts",
                stream->part_first, stream->part_last);
    fputs(stream->header != NULL && stream->header->archive.split > 0
              ? " of an archive\n"
              : " of a flight recorder\n", file);
    if (stream->part_first == 0) {
        fprintf(file, "  %-11s%s\n", "let go", "nothing");
        return;
    }
    fprintf(file, "  %-11s%s earlier record%s", "let go",
            stream->let_go_known ? pmt_text_count(count, stream->let_go)
                                 : "all",
            stream->let_go_known && stream->let_go == 1 ? "" : "s");
    if (stream->has_time)
        fprintf(file, ": what is here begins at %s",
                pmt_text_seconds(first, stream->t0 * tick_ns));
    putc('\n', file);
}

static void put_lost(FILE *file, const struct pmt_summary_stream *stream)
{
    const char *before = " (";
    char count[PMT_TEXT_SIZE];
    uint64_t lost = pmt_info_lost(stream);

    if (lost == 0) {
        fprintf(file, "  %-11s%s\n", "lost", "nothing");
        return;
    }
    fprintf(file, "  %-11s%s event%s", "lost", pmt_text_count(count, lost),
            lost == 1 ? "" : "s");
    for (size_t i = 0; i < PMT_SUMMARY_CAUSES; i++) {
        if (stream->lost_by_cause[i] == 0)
            continue;
        fprintf(file, "%s%s %s", before, cause_name(i),
                pmt_text_count(count, stream->lost_by_cause[i]));
        before = ", ";
    }
    fputs(before[0] == ',' ? ")\n" : "\n", file);
}

static void put_state(FILE *file, const struct pmt_info *info,
                      const struct pmt_summary_stream *stream)
{
    static const char *const meanings[] = {
        "", "ended by a recovery tool", "it has no end: its process died, or "
        "the trace is cut", "its process still records", "of a greater "
        "version of the format", "a copy that was made while its process "
        "recorded",
    };
    enum pmt_stream_state state = pmt_info_state(info, stream);
    char count[PMT_TEXT_SIZE];

    fprintf(file, "  %-11s%s%s%s%s\n", "state", pmt_stream_state_name(state),
            *meanings[state] ? " (" : "", meanings[state],
            *meanings[state] ? ")" : "");
    if (stream->journal_records > 0)
        fprintf(file, "  %-11s%s records wait in it; pmt-recover adds them\n",
                "journal", pmt_text_count(count, stream->journal_records));
    if (stream->chunks_missing > 0)
        fprintf(file, "  %-11s%s chunks\n", "missing",
                pmt_text_count(count, stream->chunks_missing));
}

static void put_kind_row(struct pmt_listing *list, const char *name,
                         const struct pmt_summary_kind *kind, uint64_t records)
{
    pmt_listing_text(list, name);
    pmt_listing_count(list, kind->chunks);
    pmt_listing_count(list, kind->records);
    pmt_listing_count(list, kind->bytes);
    pmt_listing_size(list, kind->bytes);
    if (records > 0)
        pmt_listing_printf(list, "%.3f",
                           (double)kind->bytes / (double)records);
    else
        pmt_listing_text(list, NULL);
}

static void put_kinds(FILE *file, const struct pmt_summary_stream *stream)
{
    static const struct pmt_listing_column columns[] = {
        {.title = "  kind"},
        {.title = "chunks", .right = true},
        {.title = "records", .right = true},
        {.title = "bytes", .right = true},
        {.title = "", .right = true},
        {.title = "per record", .right = true},
    };
    struct pmt_listing *list =
        pmt_listing_new(columns, sizeof columns / sizeof *columns);
    struct pmt_summary_kind total = pmt_summary_stream_total(stream);

    for (size_t i = 0; i < PMT_SUMMARY_KINDS; i++) {
        char name[32];

        if (stream->kinds[i].chunks == 0)
            continue;
        snprintf(name, sizeof name, "  %s", kind_name(i));
        put_kind_row(list, name, &stream->kinds[i], stream->kinds[i].records);
    }
    total.records = pmt_summary_stream_records(stream);
    put_kind_row(list, "  all", &total, total.records);
    pmt_listing_print(list, file);
    pmt_listing_free(list);
}

static void put_sampling(FILE *file, const struct pmt_stream_header *h)
{
    uint64_t sample_bytes = h ? pmt_sampling_in(h) : 0;
    char size[PMT_TEXT_SIZE];

    if (sample_bytes)
        fprintf(file, "  %-11sallocations, in samples of %s: what pmt live "
                "says of them are estimates\n", "sampled",
                pmt_text_size(size, sample_bytes));
}

static void put_stream(FILE *file, const struct pmt_info *info,
                       const struct pmt_summary_stream *stream)
{
    const struct pmt_stream_header *h = stream->header;
    char id[PMT_UUID_SIZE];

    if (h != NULL)
        pmt_name_uuid(id, h->uuid);
    else
        pmt_name_key(id, stream->key);
    fprintf(file, "stream %s%s\n", id,
            h ? "" : " (its header was not met)");
    if (h != NULL)
        put_process(file, h);
    put_span(file, stream);
    put_parts(file, stream);
    put_state(file, info, stream);
    if (stream->refused)
        return;
    put_lost(file, stream);
    if (h != NULL) {
        fprintf(file, "  %-11s%" PRIu32 ".%" PRIu32 ", tick %" PRIu32
                " ns, by ", "format", h->major, h->minor, h->tick_ns);
        put_text(file, h->producer);
        putc('\n', file);
        put_row_list(file, "hooks", h->hooks, h->hook_count);
        put_settings(file, h);
        for (size_t i = 0; i < h->filter_count; i++)
            put_row(file, "filtered", h->filter[i]);
        put_archive(file, &h->archive);
    }
    fprintf(file, "  %-11s%" PRIu64 "\n", "epochs", stream->epochs);
    put_sampling(file, h);
    pmt_info_details_text(info->summary, stream, file);
    put_kinds(file, stream);
}

void pmt_info_text(const struct pmt_info *info, FILE *file)
{
    const struct pmt_summary *s = info->summary;
    char count[PMT_TEXT_SIZE], size[PMT_TEXT_SIZE];

    pmt_text_write(file, info->name, strlen(info->name));
    putc(':', file);
    if (s->bytes != PMT_NO_OFFSET)
        fprintf(file, " %s bytes", pmt_text_count(count, s->bytes));
    if (s->bytes != PMT_NO_OFFSET && s->bytes >= 1024)
        fprintf(file, " (%s)", pmt_text_size(size, s->bytes));
    fprintf(file, " %s, %zu stream%s\n",
            s->from_index ? "with an index" : "walked without an index",
            s->stream_count, s->stream_count == 1 ? "" : "s");
    for (size_t i = 0; i < s->stream_count; i++)
        put_stream(file, info, &s->streams[i]);
}

/* ---- JSON -------------------------------------------------------------- */

static void put_json_text(struct pmt_json *j, const char *key,
                          struct pmt_text text)
{
    if (text.bytes != NULL)
        pmt_json_bytes(j, key, text.bytes, text.length);
    else
        pmt_json_null(j, key);
}

static void put_json_texts(struct pmt_json *j, const char *key,
                           const struct pmt_text *texts, size_t count)
{
    pmt_json_array_begin(j, key);
    for (size_t i = 0; i < count; i++)
        put_json_text(j, NULL, texts[i]);
    pmt_json_array_end(j);
}

static void put_json_header(struct pmt_json *j,
                            const struct pmt_stream_header *h)
{
    pmt_json_array_begin(j, "version");
    pmt_json_u64(j, NULL, h->major);
    pmt_json_u64(j, NULL, h->minor);
    pmt_json_array_end(j);
    pmt_json_hex_bytes(j, "uuid", h->uuid, 16);
    if (h->has_parent)
        pmt_json_hex_bytes(j, "parent", h->parent, 16);
    if (h->has_session)
        pmt_json_hex_bytes(j, "session", h->session, 16);
    put_json_text(j, "producer", h->producer);
    put_json_texts(j, "argv", h->argv, h->argc);
    put_json_text(j, "executable", h->executable);
    put_json_text(j, "python", h->python);
    put_json_text(j, "host", h->host);
    put_json_text(j, "system", h->system);
    if (h->has_pid)
        pmt_json_u64(j, "pid", h->pid);
    if (h->has_ppid)
        pmt_json_u64(j, "ppid", h->ppid);
    pmt_json_u64(j, "tick_ns", h->tick_ns);
    pmt_json_i64(j, "start_real_ns", h->start_real_ns);
    put_json_texts(j, "hooks", h->hooks, h->hook_count);
    if (h->filter != NULL)
        put_json_texts(j, "filter", h->filter, h->filter_count);
    if (h->archive.there) {
        pmt_json_object_begin(j, "archive");
        pmt_json_hex_bytes(j, "digest", h->archive.digest,
                           sizeof h->archive.digest);
        pmt_json_u64(j, "chunk_records", h->archive.chunk_records);
        if (h->archive.split > 0)
            pmt_json_u64(j, "split", h->archive.split);
        pmt_json_object_end(j);
    }
    pmt_json_object_begin(j, "settings");
    for (size_t i = 0; i < h->setting_count; i++) {
        pmt_json_key(j, h->settings[2 * i].bytes, h->settings[2 * i].length);
        put_json_text(j, "", h->settings[2 * i + 1]);
    }
    pmt_json_object_end(j);
}

static void put_json_kinds(struct pmt_json *j,
                           const struct pmt_summary_stream *stream)
{
    pmt_json_object_begin(j, "kinds");
    for (size_t i = 0; i < PMT_SUMMARY_KINDS; i++) {
        if (stream->kinds[i].chunks == 0)
            continue;
        pmt_json_object_begin(j, kind_name(i));
        pmt_json_u64(j, "chunks", stream->kinds[i].chunks);
        pmt_json_u64(j, "records", stream->kinds[i].records);
        pmt_json_u64(j, "bytes", stream->kinds[i].bytes);
        pmt_json_u64(j, "content_bytes", stream->kinds[i].content_bytes);
        pmt_json_object_end(j);
    }
    pmt_json_object_end(j);
}

static void put_json_lost(struct pmt_json *j,
                          const struct pmt_summary_stream *stream)
{
    pmt_json_u64(j, "lost", pmt_info_lost(stream));
    pmt_json_object_begin(j, "lost_by_cause");
    for (size_t i = 0; i < PMT_SUMMARY_CAUSES; i++)
        if (stream->lost_by_cause[i] > 0)
            pmt_json_u64(j, cause_name(i), stream->lost_by_cause[i]);
    pmt_json_object_end(j);
}

static void put_json_stream(struct pmt_json *j, const struct pmt_info *info,
                            const struct pmt_summary_stream *stream)
{
    uint64_t tick_ns = stream->header ? stream->header->tick_ns : 1;
    char key[PMT_KEY_SIZE];

    pmt_json_object_begin(j, NULL);
    pmt_json_string(j, "stream", pmt_name_key(key, stream->key));
    pmt_json_string(j, "state",
                    pmt_stream_state_name(pmt_info_state(info, stream)));
    if (stream->header != NULL)
        put_json_header(j, stream->header);
    if (stream->has_time) {
        pmt_json_u64(j, "first_ns", stream->t0 * tick_ns);
        pmt_json_u64(j, "last_ns", stream->t1 * tick_ns);
    }
    pmt_json_u64(j, "parts", stream->headers);
    pmt_json_u64(j, "part_first", stream->part_first);
    pmt_json_u64(j, "part_last", stream->part_last);
    if (stream->let_go_known || stream->headers == 0)
        pmt_json_u64(j, "let_go", stream->let_go);
    else
        pmt_json_null(j, "let_go");
    put_json_lost(j, stream);
    pmt_json_u64(j, "chunks_missing", stream->chunks_missing);
    pmt_json_u64(j, "journal_records", stream->journal_records);
    pmt_json_u64(j, "epochs", stream->epochs);
    pmt_json_u64(j, "chunks", pmt_summary_stream_total(stream).chunks);
    pmt_json_u64(j, "records", pmt_summary_stream_records(stream));
    pmt_json_u64(j, "sample_bytes",
                 stream->header ? pmt_sampling_in(stream->header) : 0);
    if (!stream->refused)
        pmt_info_details_json(info->summary, stream, j);
    put_json_kinds(j, stream);
    pmt_json_object_end(j);
}

void pmt_info_json(const struct pmt_info *info, struct pmt_json *json)
{
    const struct pmt_summary *s = info->summary;

    pmt_json_line_begin(json);
    pmt_json_string(json, "file", info->name);
    if (s->bytes != PMT_NO_OFFSET)
        pmt_json_u64(json, "bytes", s->bytes);
    else
        pmt_json_null(json, "bytes");
    pmt_json_bool(json, "index", s->from_index);
    pmt_json_bool(json, "truncated", info->health->truncated);
    pmt_json_u64(json, "corrupt", info->health->corrupt);
    pmt_json_array_begin(json, "streams");
    for (size_t i = 0; i < s->stream_count; i++)
        put_json_stream(json, info, &s->streams[i]);
    pmt_json_array_end(json);
    pmt_json_line_end(json);
}
