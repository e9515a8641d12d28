/* heading.c: see heading.h. */
#include "heading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "figure-text.h"
#include "names.h"
#include "sampling.h"
#include "spool.h"

#define PROGRAM_WIDTH 60
#define BIT(kind) (UINT64_C(1) << (kind))

void pmt_heading_release(struct pmt_heading *h)
{
    for (size_t i = 0; i < h->mark_count; i++)
        free(h->marks[i].text);
    free(h->marks);
    pmt_live_exits_release(&h->exits);
    if (h->shown && h->spool >= 0)
        close(h->spool);
    free(h->path);
    free(h->shown);
    free(h->health);
    free(h->program);
    free(h->host);
    memset(h, 0, sizeof *h);
}

/* ---- streams ------------------------------------------------------------- */

/* What is known of one stream while the labels are read. */
struct known {
    const struct pmt_stream *stream;
    uint64_t end_ns, lost;
};

struct reading {
    struct pmt_heading *heading;
    struct known *streams;
    size_t count;
    struct {
        const struct pmt_stream *stream;
        uint64_t ns;
        char *text;
    } marks[PMT_HEADING_MARKS];
    size_t mark_count;
    uint64_t marks_seen, stride; /* every stride-th is kept */
    bool no_memory;
};

static struct known *find(struct reading *reading,
                          const struct pmt_stream *stream)
{
    struct known *more;

    for (size_t i = reading->count; i-- > 0;)
        if (reading->streams[i].stream == stream)
            return &reading->streams[i];
    more = realloc(reading->streams, (reading->count + 1) * sizeof *more);
    if (!more) {
        reading->no_memory = true;
        return NULL;
    }
    reading->streams = more;
    more[reading->count] = (struct known){.stream = stream};
    return &more[reading->count++];
}

/* "pid 7: python3 a.py": without the folder of the program. */
static char *program_of(const struct pmt_stream *stream)
{
    const struct pmt_stream_header *header = pmt_stream_header(stream);
    char *line = NULL, *spelled = NULL;
    size_t length;
    FILE *out = open_memstream(&line, &length);

    if (!out)
        return NULL;
    if (header->has_pid)
        fprintf(out, "pid %llu", (unsigned long long)header->pid);
    for (size_t i = 0; header->argv && i < header->argc; i++) {
        struct pmt_text text = header->argv[i];
        const char *slash = i == 0 && text.bytes
                                ? memrchr(text.bytes, '/', text.length)
                                : NULL;
        size_t skip = slash ? (size_t)(slash + 1 - text.bytes) : 0;

        fputs(i > 0 ? " " : header->has_pid ? ": " : "", out);
        if (text.bytes)
            fwrite(text.bytes + skip, 1, text.length - skip, out);
    }
    if (fclose(out) == 0)
        spelled = pmt_figure_copy(line, length);
    free(line);
    return spelled;
}

/* Every second one stays. Returns how many there are. */
static size_t keep_half(struct reading *reading)
{
    for (size_t i = 0; i < reading->mark_count; i++)
        if (i % 2 == 0)
            reading->marks[i / 2] = reading->marks[i];
        else
            free(reading->marks[i].text);
    reading->heading->marks_dropped += reading->mark_count / 2;
    reading->mark_count -= reading->mark_count / 2;
    reading->stride *= 2;
    return reading->mark_count;
}

static void keep_mark(struct reading *reading, const struct pmt_event *event,
                      uint64_t ns, struct pmt_text text)
{
    size_t i = reading->mark_count;

    if (ns > pmt_instant_in_stream(&reading->heading->until, event->stream))
        return;
    if (reading->marks_seen++ % reading->stride != 0) {
        reading->heading->marks_dropped++;
        return;
    }
    if (i == PMT_HEADING_MARKS)
        i = keep_half(reading);
    reading->marks[i].stream = event->stream;
    reading->marks[i].ns = ns;
    reading->marks[i].text = pmt_figure_copy(text.bytes, text.length);
    reading->mark_count += reading->marks[i].text != NULL;
    reading->no_memory |= reading->marks[i].text == NULL;
}

static void take(struct reading *reading, struct pmt_reader *r,
                 const struct pmt_event *event)
{
    const struct pmt_envelope *label = &event->envelope;
    const uint64_t *times;
    struct known *known;
    uint32_t tick_ns;

    if ((event->type != PMT_EVENT_RECORDS &&
         event->type != PMT_EVENT_SKIPPED_CHUNK &&
         event->type != PMT_EVENT_END && event->type != PMT_EVENT_STREAM) ||
        !(known = find(reading, event->stream)))
        return;
    tick_ns = pmt_stream_header(event->stream)->tick_ns;
    if (event->type == PMT_EVENT_END && event->end_lost > known->lost)
        known->lost = event->end_lost;
    if (label->lost > known->lost)
        known->lost = label->lost;
    if (event->type == PMT_EVENT_STREAM)
        return;
    if (label->t1 * tick_ns > known->end_ns)
        known->end_ns = label->t1 * tick_ns;
    if (label->count > 0 && label->kind < 64)
        reading->heading->kinds |= BIT(label->kind);
    if (event->type != PMT_EVENT_RECORDS || label->kind != PMT_KIND_MARK)
        return;
    if (pmt_live_exits_note(&reading->heading->exits, r, event))
        reading->no_memory = true;
    times = pmt_reader_column(r, PMT_COL_TIME);
    for (uint32_t i = 0; times && i < label->count; i++)
        keep_mark(reading, event, times[i] * tick_ns, pmt_reader_text(r, i));
}

/* ---- what comes of it ---------------------------------------------------- */

static uint64_t offset_of(const struct pmt_heading *h,
                          const struct pmt_stream *stream)
{
    int64_t start = pmt_stream_header(stream)->start_real_ns;

    return start < h->origin_real_ns
               ? 0
               : (uint64_t)start - (uint64_t)h->origin_real_ns;
}

static void name_host(struct pmt_heading *h, struct pmt_text host)
{
    char *name = pmt_figure_copy(host.bytes, host.length);

    if (!h->host) {
        h->host = name;
        return;
    }
    if (!name || strcmp(h->host, name) != 0)
        h->host[0] = '\0';
    free(name);
}

static void find_origin(struct reading *reading)
{
    struct pmt_heading *h = reading->heading;
    const struct pmt_stream *first = NULL;

    for (size_t i = 0; i < reading->count; i++) {
        const struct pmt_stream *stream = reading->streams[i].stream;
        const struct pmt_stream_header *header = pmt_stream_header(stream);

        if (!first || header->start_real_ns < h->origin_real_ns) {
            first = stream;
            h->origin_real_ns = header->start_real_ns;
        }
        name_host(h, header->host);
        h->lost += reading->streams[i].lost;
        h->filtered |= header->filter_count > 0;
        if (pmt_sampling_in(header) > h->sample_bytes)
            h->sample_bytes = pmt_sampling_in(header);
    }
    h->streams = reading->count;
    h->program = first ? program_of(first) : strdup("");
    if (!h->host)
        h->host = strdup("");
    reading->no_memory |= !h->program || !h->host;
}

static void finish(struct reading *reading)
{
    struct pmt_heading *h = reading->heading;

    find_origin(reading);
    for (size_t i = 0; i < reading->count; i++) {
        const struct pmt_stream *stream = reading->streams[i].stream;
        uint64_t until = pmt_instant_in_stream(&h->until, stream);
        uint64_t end = reading->streams[i].end_ns;

        end = offset_of(h, stream) + (end < until ? end : until);
        if (end > h->span_ns)
            h->span_ns = end;
    }
    h->marks = calloc(reading->mark_count + 1, sizeof *h->marks);
    reading->no_memory |= !h->marks;
    for (size_t i = 0; i < reading->mark_count; i++) {
        if (!h->marks) {
            free(reading->marks[i].text);
            continue;
        }
        h->marks[h->mark_count++] = (struct pmt_heading_mark){
            .ns = (double)(offset_of(h, reading->marks[i].stream) +
                           reading->marks[i].ns),
            .text = reading->marks[i].text,
        };
    }
}

/* ---- reading ------------------------------------------------------------- */

static int read_labels(struct pmt_heading *h, struct pmt_trace *in)
{
    struct reading *reading = calloc(1, sizeof *reading);
    struct pmt_event event;
    struct pmt_error err;
    bool no_memory;
    int code;

    if (!reading)
        return pmt_fail("out of memory");
    reading->heading = h;
    reading->stride = 1;
    while ((code = pmt_trace_next(in, &event, &err)) == PMT_OK)
        take(reading, in->reader, &event);
    finish(reading);
    no_memory = reading->no_memory;
    free(reading->streams);
    free(reading);
    if (code < 0 && code != PMT_END)
        return pmt_trace_failed(in, &err);
    pmt_trace_release(in); /* the next pass says what is wrong */
    return no_memory ? pmt_fail("out of memory") : PMT_EXIT_OK;
}

int pmt_heading_open(const struct pmt_heading *h, struct pmt_trace *in,
                     const struct pmt_common *common,
                     const struct pmt_reader_options *options)
{
    return pmt_trace_open_as(in, h->path, h->shown, common, options);
}

const struct pmt_live_exits *pmt_heading_exits(const struct pmt_heading *h)
{
    return h->until_exit ? &h->exits : NULL;
}

/* Is it there, but can't be read twice? */
static bool is_pipe(const char *path)
{
    return !pmt_trace_reopens(path) &&
           (strcmp(path, "-") == 0 || access(path, F_OK) == 0);
}

/* Its path: of a pipe that of a copy. */
static int find_path(struct pmt_heading *h, const char *operand,
                     struct pmt_moment *moment)
{
    char why[PMT_WHY_SIZE], *path;
    const char *slash;

    h->spool = -1;
    h->health = calloc(1, sizeof *h->health);
    if (!h->health)
        return pmt_fail("out of memory");
    if (pmt_moment_split(operand, &h->path, moment, why, sizeof why))
        return pmt_fail("%s", why);
    h->until_exit = moment->kind == PMT_MOMENT_NONE;
    h->shown = strdup(strcmp(h->path, "-") == 0 ? "standard input" : h->path);
    if (!h->shown)
        return pmt_fail("out of memory");
    slash = strrchr(h->shown, '/');
    h->name = slash && slash[1] ? slash + 1 : h->shown;
    if (!is_pipe(h->path))
        return PMT_EXIT_OK;
    h->spool = pmt_spool(h->path, h->shown, &path);
    if (h->spool < 0)
        return PMT_EXIT_TROUBLE;
    free(h->path);
    h->path = path;
    return PMT_EXIT_OK;
}

/* The file, and its moment. */
static int open_first(struct pmt_heading *h, const char *operand,
                      const struct pmt_common *common)
{
    struct pmt_moment moment = {0};
    struct pmt_trace in;
    int status = find_path(h, operand, &moment);

    if (status == PMT_EXIT_OK)
        status = pmt_heading_open(h, &in, common, NULL);
    if (status) {
        pmt_moment_release(&moment);
        return status;
    }
    in.moment = moment; /* taken over */
    status = pmt_trace_find_moment(&in, &h->until);
    pmt_trace_release(&in);
    return status;
}

int pmt_heading_read(struct pmt_heading *h, const char *operand,
                     const struct pmt_common *common)
{
    struct pmt_reader_options options = {
        .skip_kinds = ~(BIT(PMT_KIND_STREAM) | BIT(PMT_KIND_MARK) |
                        BIT(PMT_KIND_END)),
        .no_tables = true,
    };
    struct pmt_trace in;

    memset(h, 0, sizeof *h);
    if (open_first(h, operand, common))
        return PMT_EXIT_TROUBLE;
    if (pmt_heading_open(h, &in, common, &options))
        return PMT_EXIT_TROUBLE;
    return read_labels(h, &in);
}

/* ---- words --------------------------------------------------------------- */

/* "alloc, heap": records of what. */
static void put_kinds(const struct pmt_heading *h, FILE *out)
{
    static const uint64_t recorded = BIT(PMT_KIND_CALL) | BIT(PMT_KIND_LINE) |
                                     BIT(PMT_KIND_OBJECT) |
                                     BIT(PMT_KIND_ALLOC) |
                                     BIT(PMT_KIND_SAMPLE) | BIT(PMT_KIND_HEAP) |
                                     BIT(PMT_KIND_SNAPSHOT) | BIT(PMT_KIND_GC);
    const char *comma = "; mode ";

    for (uint32_t kind = 1; kind < PMT_KIND_KNOWN; kind++)
        if (h->kinds & recorded & BIT(kind)) {
            fprintf(out, "%s%s", comma, pmt_kind_name(kind));
            comma = ", ";
        }
}

static void put_losses(const struct pmt_heading *h, FILE *out)
{
    const struct pmt_health *health = h->health;
    char text[PMT_TEXT_SIZE];

    if (h->lost)
        fprintf(out, "; %s events lost", pmt_text_count(text, h->lost));
    if (health->corrupt)
        fprintf(out, "; damaged: %s chunk%s lost",
                pmt_text_count(text, health->chunks_lost),
                pmt_text_plural(health->chunks_lost));
    if (health->truncated)
        fputs("; cut short", out);
    if (health->journal_records)
        fprintf(out, "; the last %s records recovered",
                pmt_text_count(text, health->journal_records));
    if (!h->lost && !health->corrupt && !health->truncated)
        fputs("; nothing lost", out);
}

/* A command as it fits: of paths the end, of words those in front; raw bytes
 * again. NULL: no memory. */
static char *short_command(const char *command, size_t width)
{
    char *paths = pmt_figure_short_paths(command, width), *space;
    char *line = NULL;
    bool cut = false;

    while (paths && pmt_text_width(paths) + 2 * cut > width &&
           (space = strrchr(paths, ' ')) != NULL) {
        *space = '\0';
        cut = true;
    }
    if (paths && asprintf(&line, "%s%s", paths, cut ? " …" : "") < 0)
        line = NULL;
    free(paths);
    paths = line ? pmt_text_shortened(line, width) : NULL;
    free(line);
    return paths;
}

char *pmt_heading_line(const struct pmt_heading *h)
{
    char *line = NULL, *program, text[PMT_TEXT_SIZE];
    char unit[PMT_UNIT_TEXT];
    size_t length;
    FILE *out = open_memstream(&line, &length);

    if (!out)
        return NULL;
    program = short_command(h->program, PROGRAM_WIDTH);
    fputs(program && *program ? program : "a process not named", out);
    free(program);
    if (h->streams > 1)
        fprintf(out, " and %s more", pmt_text_count(text, h->streams - 1));
    if (*h->host)
        fprintf(out, " on %s", h->host);
    fprintf(out, "; %s", pmt_unit_text(unit, PMT_UNIT_NS, (double)h->span_ns));
    put_kinds(h, out);
    if (h->sample_bytes)
        fprintf(out, "; sampled, one in %s",
                pmt_text_size(text, h->sample_bytes));
    if (h->filtered)
        fputs("; filtered", out);
    put_losses(h, out);
    if (fclose(out) == 0)
        return line;
    free(line);
    return NULL;
}

void pmt_heading_apply(const struct pmt_heading *h, const char *what,
                       struct pmt_plot_figure *figure)
{
    char *line = pmt_heading_line(h);

    pmt_figure_title(figure, "%s: %s", h->name, what);
    if (line)
        pmt_figure_subtitle(figure, "%s", line);
    else
        figure->failed = true;
    free(line);
    figure->origin_real_ns = h->origin_real_ns;
    figure->marks_dropped = h->marks_dropped;
    if (h->marks_dropped)
        pmt_figure_note(figure, "%zu of %llu marks are shown", h->mark_count,
                        (unsigned long long)(h->marks_dropped + h->mark_count));
    for (size_t i = 0; i < h->mark_count; i++)
        pmt_figure_mark(figure, h->marks[i].ns, h->marks[i].text);
}
