/* open.c: opens traces for commands, and speaks of their damage. */
#include "open.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "pmt/journal.h"
#include "pmt/parts.h"
#include "spool.h"
#include "together.h"

int pmt_exit_worse(int a, int b)
{
    return a > b ? a : b;
}

bool pmt_event_is_chunk(const struct pmt_event *event)
{
    switch (event->type) {
    case PMT_EVENT_STREAM:
    case PMT_EVENT_TABLE:
    case PMT_EVENT_RECORDS:
    case PMT_EVENT_END:
    case PMT_EVENT_UNKNOWN:
    case PMT_EVENT_FEATURES:
    case PMT_EVENT_UNREADABLE:
    case PMT_EVENT_SKIPPED_CHUNK:
        return true;
    case PMT_EVENT_REFUSED:
    case PMT_EVENT_DAMAGE:
    case PMT_EVENT_FOREIGN:
    case PMT_EVENT_INDEX:
    case PMT_EVENT_JOURNAL:
        break;
    }
    return false;
}

/* ---- health ------------------------------------------------------------ */

static void note_damage(struct pmt_health *health,
                        const struct pmt_event *event)
{
    if (event->damage.code == PMT_ERR_TRUNCATED) {
        health->truncated = true;
        health->truncated_at = event->damage.offset;
        return;
    }
    health->corrupt++;
    health->chunks_lost += event->data_lost;
    if (health->place_count < PMT_HEALTH_PLACES)
        health->places[health->place_count++] = event->damage;
}

void pmt_health_note(struct pmt_health *health, const struct pmt_event *event)
{
    health->chunks_missing += event->seq_missing;
    switch (event->type) {
    case PMT_EVENT_DAMAGE:
        note_damage(health, event);
        return;
    case PMT_EVENT_REFUSED:
        if (health->refused++ == 0) {
            const struct pmt_stream_header *header =
                pmt_stream_header(event->stream);

            health->refused_major = header->major;
            health->refused_minor = header->minor;
        }
        return;
    case PMT_EVENT_UNKNOWN:
        health->unknown++;
        break;
    case PMT_EVENT_FEATURES:
        health->features++;
        break;
    case PMT_EVENT_UNREADABLE:
        health->unreadable++;
        break;
    case PMT_EVENT_RECORDS:
        if (event->from_journal)
            health->journal_records += event->envelope.count;
        break;
    case PMT_EVENT_STREAM:
    case PMT_EVENT_TABLE:
    case PMT_EVENT_END:
    case PMT_EVENT_SKIPPED_CHUNK:
        break;
    case PMT_EVENT_FOREIGN:
    case PMT_EVENT_INDEX:
    case PMT_EVENT_JOURNAL:
        return;
    }
    health->orphans += pmt_stream_header(event->stream)->major == 0;
}

static void warn_chunks(const char *name, uint64_t count, const char *what)
{
    if (count > 0)
        pmt_warn("%s: %" PRIu64 " chunk%s %s", name, count,
                 pmt_text_plural(count), what);
}

char *pmt_trace_file_of(const struct pmt_trace *in, uint64_t *offset)
{
    struct pmt_place place;
    size_t room = strlen(in->name) + 16;
    char *name = in->path ? pmt_together_file_of(in->path, offset) : NULL;

    if (name != NULL)
        return name;
    pmt_reader_place(in->reader, *offset, &place);
    if (!place.older) {
        *offset = place.offset;
        return pmt_xstrdup(in->name);
    }
    name = pmt_xcalloc(room, 1);
    pmt_part_path(name, room, in->name, place.part);
    *offset = place.offset;
    return name;
}

static void warn_corrupt(const struct pmt_trace *in)
{
    const struct pmt_health *health = &in->health;
    const char *name = in->name;

    for (size_t i = 0; i < health->place_count; i++) {
        uint64_t offset = health->places[i].offset;
        char *file = pmt_trace_file_of(in, &offset);

        pmt_warn("%s: corrupt at byte %" PRIu64 ": %s", file, offset,
                 health->places[i].message);
        free(file);
    }
    if (health->corrupt > health->place_count)
        pmt_warn("%s: corrupt at %" PRIu64 " more places", name,
                 health->corrupt - health->place_count);
    warn_chunks(name, health->chunks_lost, "lost by damage");
}

/* One line for each thing that is wrong. */
static void health_warn(const struct pmt_trace *in)
{
    const struct pmt_health *health = &in->health;
    const char *name = in->name;
    uint64_t missing = health->chunks_missing > health->chunks_lost
                           ? health->chunks_missing - health->chunks_lost
                           : 0;

    warn_corrupt(in);
    if (health->truncated) {
        uint64_t offset = health->truncated_at;
        char *file = pmt_trace_file_of(in, &offset);

        pmt_warn("%s: truncated at byte %" PRIu64
                 ": what comes before is used",
                 file, offset);
        free(file);
    }
    warn_chunks(name, missing, "missing");
    warn_chunks(name, health->orphans, "of a stream without a header");
    warn_chunks(name, health->unknown,
                "skipped: of a kind of a later version");
    warn_chunks(name, health->features,
                "skipped: written with a feature of a later version");
    warn_chunks(name, health->unreadable,
                "skipped: written with an encoding of a later version");
    if (health->journal_errno != 0)
        pmt_warn("%s" PMT_JOURNAL_SUFFIX ": %s; what it holds is left out",
                 name, strerror(health->journal_errno));
    if (health->journal_records > 0)
        pmt_note("%s: %" PRIu64 " records are from its journal", name,
                 health->journal_records);
}

static bool health_bad(const struct pmt_health *health)
{
    return health->corrupt > 0 || health->truncated ||
           health->chunks_missing > 0 || health->orphans > 0 ||
           health->unknown > 0 || health->features > 0 ||
           health->unreadable > 0 || health->journal_errno != 0;
}

int pmt_trace_refused(const struct pmt_trace *in)
{
    if (in->health.refused == 0)
        return PMT_EXIT_OK;
    return pmt_fail("%s: version %" PRIu32 ".%" PRIu32
                    " of the format is newer than this program",
                    in->name, in->health.refused_major,
                    in->health.refused_minor);
}

/* ---- opening and closing ----------------------------------------------- */

static void start(struct pmt_trace *in, int progress)
{
    uint64_t at, of;

    pmt_reader_position(in->reader, &at, &of);
    pmt_progress_start(&in->progress, in->name,
                       of == PMT_NO_OFFSET ? 0 : of, PMT_PROGRESS_BYTES,
                       progress);
}

const char *pmt_trace_name(const char *path)
{
    const char *spooled = pmt_spool_name(path);
    const char *together = pmt_together_name(path);

    return strcmp(path, "-") == 0 ? "standard input"
           : spooled              ? spooled
           : together             ? together
                                  : path;
}

/* Why the journal beside the trace can't be read, an errno; 0 when it can, or
 * there is none. */
static int journal_trouble(const char *path)
{
    char *name;
    int failed;

    if (strcmp(path, "-") == 0)
        return 0;
    name = pmt_xasprintf("%s%s", path, PMT_JOURNAL_SUFFIX);
    failed = access(name, R_OK) == 0 ? 0 : errno;
    free(name);
    return failed == ENOENT || failed == ENOTDIR ? 0 : failed;
}

/* Smaller traces are read before a thread would have begun. */
#define AHEAD_FROM (1u << 20)

/* Reading ahead pays where records are read, and there is another processor
 * for it. */
static void read_ahead(struct pmt_trace *in, const struct pmt_common *common,
                       const struct pmt_reader_options *options)
{
    uint64_t many = UINT64_C(1) << PMT_KIND_ALLOC |
                    UINT64_C(1) << PMT_KIND_OBJECT |
                    UINT64_C(1) << PMT_KIND_CALL |
                    UINT64_C(1) << PMT_KIND_LINE;
    bool reads = options == NULL || (many & ~options->skip_kinds) != 0;
    uint64_t at, of;
    cpu_set_t set;

    pmt_reader_position(in->reader, &at, &of);
    if (!reads || of == PMT_NO_OFFSET || of < AHEAD_FROM || common->jobs == 1)
        return;
    if (common->jobs == 0 &&
        (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) < 2))
        return;
    pmt_reader_read_ahead(in->reader);
}

static int open_reader(struct pmt_trace *in,
                       const struct pmt_reader_options *options,
                       struct pmt_error *err)
{
    struct pmt_source source;
    int code;

    if (pmt_together_name(in->path) == NULL)
        return pmt_reader_open_path(&in->reader, in->path, options, err);
    code = pmt_together_open(&source, in->path, err);
    return code < 0 ? code
                    : pmt_reader_open(&in->reader, &source, options, err);
}

/* in->path and in->moment are set; released on failure. */
static int open_path(struct pmt_trace *in, const struct pmt_common *common,
                     const struct pmt_reader_options *options)
{
    struct pmt_error err;

    if (in->name == NULL)
        in->name = pmt_trace_name(in->path);
    if (open_reader(in, options, &err) != PMT_OK)
        return pmt_trace_failed(in, &err);
    if (options == NULL || !options->no_journal)
        in->health.journal_errno = journal_trouble(in->path);
    start(in, common->progress);
    read_ahead(in, common, options);
    return PMT_EXIT_OK;
}

int pmt_trace_open(struct pmt_trace *in, const char *operand,
                   const struct pmt_common *common,
                   const struct pmt_reader_options *options)
{
    memset(in, 0, sizeof *in);
    in->path = pmt_xstrdup(operand);
    return open_path(in, common, options);
}

int pmt_trace_open_as(struct pmt_trace *in, const char *path,
                      const char *name, const struct pmt_common *common,
                      const struct pmt_reader_options *options)
{
    memset(in, 0, sizeof *in);
    in->path = pmt_xstrdup(path);
    in->name = name;
    return open_path(in, common, options);
}

int pmt_trace_open_moment(struct pmt_trace *in, const char *operand,
                          const struct pmt_common *common,
                          const struct pmt_reader_options *options)
{
    char why[PMT_WHY_SIZE];

    memset(in, 0, sizeof *in);
    if (pmt_moment_split(operand, &in->path, &in->moment, why, sizeof why))
        return pmt_fail("%s", why);
    return open_path(in, common, options);
}

int pmt_trace_from_source(struct pmt_trace *in, struct pmt_source *source,
                          const char *name,
                          const struct pmt_reader_options *options,
                          struct pmt_error *err)
{
    int code;

    memset(in, 0, sizeof *in);
    code = pmt_reader_open(&in->reader, source, options, err);
    if (code != PMT_OK)
        return code;
    in->name = name;
    start(in, PMT_PROGRESS_NEVER);
    return PMT_OK;
}

int pmt_trace_next(struct pmt_trace *in, struct pmt_event *event,
                   struct pmt_error *err)
{
    int code = pmt_reader_next(in->reader, event, err);

    if (code == PMT_OK) {
        uint64_t at, of;

        pmt_health_note(&in->health, event);
        pmt_reader_position(in->reader, &at, &of);
        pmt_progress_update(&in->progress, at);
    }
    return code;
}

int pmt_trace_failed(struct pmt_trace *in, const struct pmt_error *err)
{
    if (in->reader != NULL)
        pmt_progress_stop(&in->progress);
    if (err->offset != PMT_NO_OFFSET && err->offset > 0)
        pmt_fail("%s: at byte %" PRIu64 ": %s", in->name, err->offset,
                 err->message);
    else
        pmt_fail("%s: %s", in->name, err->message);
    pmt_trace_release(in);
    return PMT_EXIT_TROUBLE;
}

int pmt_trace_close(struct pmt_trace *in, int status, bool strict)
{
    pmt_progress_stop(&in->progress); /* before any line is printed */
    health_warn(in);
    if (in->health.corrupt > 0)
        status = pmt_exit_worse(status, PMT_EXIT_NO);
    if (strict && health_bad(&in->health))
        status = PMT_EXIT_TROUBLE;
    status = pmt_exit_worse(status, pmt_trace_refused(in));
    pmt_trace_release(in);
    return status;
}

void pmt_trace_release(struct pmt_trace *in)
{
    if (in->reader != NULL)
        pmt_progress_stop(&in->progress);
    pmt_reader_free(in->reader);
    free(in->path);
    pmt_moment_release(&in->moment);
    memset(in, 0, sizeof *in);
}

bool pmt_trace_reopens(const char *path)
{
    struct stat st;

    if (pmt_together_name(path) != NULL)
        return true;
    return strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
           (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

enum pmt_journal_state pmt_trace_journal(const char *path)
{
    struct pmt_journal journal = {0};
    struct pmt_error err;
    char *name;
    int code;

    if (strcmp(path, "-") == 0)
        return PMT_JOURNAL_NONE;
    name = pmt_xasprintf("%s%s", path, PMT_JOURNAL_SUFFIX);
    code = pmt_journal_open(&journal, name, &err);
    free(name);
    if (code == PMT_OK)
        pmt_journal_close(&journal);
    if (code == PMT_OK)
        return PMT_JOURNAL_DEAD;
    if (code == PMT_ERR_BUSY)
        return PMT_JOURNAL_BUSY;
    return code == PMT_ERR_IO &&
                   (err.sys_errno == ENOENT || err.sys_errno == ENOTDIR)
               ? PMT_JOURNAL_NONE
               : PMT_JOURNAL_WRONG;
}
