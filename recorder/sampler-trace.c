/*
 * sampler-trace.c - the trace of a process sampler (sampler-trace.h).
 */
#include "sampler-trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SEGMENTS 16u           /* of the journal: 2 MiB */
#define TICK_NS 1000u
#define PASS_NS UINT64_C(200000000)
#define FLUSH_NS UINT64_C(60000000000)
#define CHUNK_RECORDS 16384u

#ifndef PMT_BUILD_VERSION
#define PMT_BUILD_VERSION "0"
#endif

/* ---- the files --------------------------------------------------------------- */

static int refuse(struct pmt_error *err, int errnum, const char *what)
{
    return pmt_error_set_errno(err, errnum, PMT_NO_OFFSET, what);
}

static int clear_path(const char *path, bool force, struct pmt_error *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return PMT_OK;
    if (!force || (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)))
        return refuse(err, EEXIST, "cannot create the trace");
    return unlink(path) == 0
               ? PMT_OK
               : refuse(err, errno, "cannot replace the trace");
}

static int make_files(struct sampler_trace *t, const char *path, bool force,
                      struct pmt_error *err)
{
    struct pmt_journal other = {0};
    char folder[SAMPLER_PATH_MAX] = "";
    int rc;

    if (path[0] != '/' && getcwd(folder, sizeof folder - 1) != NULL)
        strcat(folder, "/");
    if (strlen(folder) + strlen(path) >= sizeof t->path)
        return refuse(err, ENAMETOOLONG, "cannot create the trace");
    strcpy(t->path, folder);
    strcat(t->path, path);
    snprintf(t->journal_path, sizeof t->journal_path, "%s%s", t->path,
             PMT_JOURNAL_SUFFIX);
    rc = pmt_journal_open(&other, t->journal_path, NULL);
    if (rc == PMT_OK)
        pmt_journal_close(&other);
    if (rc == PMT_ERR_BUSY)
        return refuse(err, EBUSY, "another process records into it");
    rc = clear_path(t->path, force, err);
    rc = rc < 0 ? rc : clear_path(t->journal_path, force, err);
    if (rc < 0)
        return rc;
    t->fd = open(t->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 0600);
    if (t->fd < 0)
        return refuse(err, errno, "cannot create the trace");
    rc = pmt_journal_create(&t->journal, t->journal_path, SEGMENTS, TICK_NS,
                            1, err);
    if (rc < 0)
        unlink(t->path);
    return rc;
}

/* ---- the stream -------------------------------------------------------------- */

static size_t count_texts(const char *const *list)
{
    size_t n = 0;

    while (list[n] != NULL)
        n++;
    return n;
}

static int open_stream(struct sampler_trace *t,
                       const struct sampler_about *about,
                       struct pmt_error *err)
{
    const struct pmt_writer_options options = {.chunk_records =
                                                   CHUNK_RECORDS};
    const struct pmt_drain_target target = {.fd = t->fd, .path = t->path};
    const struct pmt_journal_header *h = t->journal.header;
    const char *argv[256];
    char arguments[8192], executable[4096], system_name[256];
    struct utsname names;
    struct pmt_stream_info info = {
        .tick_ns = h->tick_ns,
        .start_mono_ns = h->start_mono_ns,
        .start_real_ns = h->start_real_ns,
        .producer = "pmt-sample " PMT_BUILD_VERSION,
        .pid = (uint64_t)getpid(),
        .ppid = (uint64_t)getppid(),
        .hooks = about->hooks,
        .hook_count = count_texts(about->hooks),
        .settings = about->settings,
        .setting_count = count_texts(about->settings) / 2,
    };

    if (getrandom(info.uuid, sizeof info.uuid, 0) != sizeof info.uuid)
        return refuse(err, errno, "getrandom");
    info.uuid[6] = (uint8_t)((info.uuid[6] & 0x0f) | 0x40);
    info.uuid[8] = (uint8_t)((info.uuid[8] & 0x3f) | 0x80);
    rec_proc_boot_id(info.boot_id);
    info.argc = rec_proc_arguments(arguments, sizeof arguments, argv, 256);
    info.argv = argv;
    rec_proc_executable(executable, sizeof executable);
    info.executable = executable[0] != '\0' ? executable : NULL;
    if (uname(&names) == 0) {
        snprintf(system_name, sizeof system_name, "%.64s %.64s %.64s",
                 names.sysname, names.release, names.machine);
        info.host = names.nodename;
        info.system = system_name;
    }
    return pmt_drain_new(&t->drain, &t->journal, &target, &info, &options,
                         err);
}

int sampler_trace_open(struct sampler_trace *t, const char *path, bool force,
                       const struct sampler_about *about,
                       struct pmt_error *err)
{
    int rc;

    t->fd = -1;
    rc = make_files(t, path, force, err);
    if (rc < 0) {
        if (t->fd >= 0)
            close(t->fd);
        return rc;
    }
    rc = open_stream(t, about, err);
    if (rc < 0)
        sampler_trace_drop(t);
    t->flushed_ns = pmt_clock_mono_ns();
    return rc;
}

uint64_t sampler_trace_now(const struct sampler_trace *t)
{
    return pmt_clock_raw(t->journal.header->clock);
}

/* ---- records ----------------------------------------------------------------- */

/* Puts a definition into the journal; makes room by a pass where there is
 * none. */
static void define(struct sampler_trace *t, struct pmt_def *def,
                   const char *text, size_t bytes)
{
    for (int tries = 0; tries < 3; tries++) {
        if (t->segment == NULL)
            t->segment =
                pmt_journal_take(&t->journal, PMT_SEGMENT_DEFINITIONS, 0);
        if (t->segment != NULL &&
            pmt_journal_define(&t->journal, t->segment, def, text, bytes,
                               NULL, 0)) {
            t->since_flush += sizeof *def + bytes;
            return;
        }
        if (t->segment != NULL)
            pmt_journal_give(t->segment);
        else
            sampler_trace_pass(t, true, NULL);
        t->segment = NULL;
    }
    pmt_journal_lose(&t->journal, PMT_LOSS_FULL, 1);
    t->lost++;
}

void sampler_trace_figures_end(struct sampler_trace *t, uint64_t moment,
                               pid_t pid)
{
    struct pmt_def def = {.type = PMT_DEF_FIGURES,
                          .v = {PMT_KIND_SAMPLE, 0, (uint32_t)pid, 0},
                          .wide = moment};

    if (t->used > 0)
        define(t, &def, t->text, t->used);
    t->used = 0;
}

static char *put_text(char *to, const char *text, size_t most)
{
    size_t n = strnlen(text, most);

    memcpy(to, text, n);
    return to + n;
}

static char *put_number(char *to, int64_t value)
{
    char digits[24];
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int n = 0;

    if (value < 0)
        *to++ = '-';
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    while (n > 0)
        *to++ = digits[--n];
    return to;
}

void sampler_trace_figure(struct sampler_trace *t, uint64_t moment,
                          pid_t pid, const struct rec_proc_figure *f)
{
    char *to;

    if (t->used + 512 > sizeof t->text)
        sampler_trace_figures_end(t, moment, pid);
    to = put_text(t->text + t->used, f->name, 240);
    *to++ = '\t';
    to = put_text(to, f->unit, 32);
    *to++ = '\t';
    *to++ = f->counter ? '1' : '0';
    *to++ = '\t';
    to = put_number(to, f->value);
    *to++ = '\n';
    t->used = (size_t)(to - t->text);
}

void sampler_trace_process(struct sampler_trace *t,
                           const struct pmt_process *p,
                           const struct rec_proc_about *about)
{
    struct pmt_def_process head = {.started_ns = p->started_ns,
                                   .executable_bytes = p->executable.length,
                                   .name_bytes = p->name.length,
                                   .note_bytes = p->note.length};
    struct pmt_def def = {.type = PMT_DEF_PROCESS,
                          .v = {p->op | (uint32_t)p->how << 8,
                                (uint32_t)p->pid, (uint32_t)p->ppid,
                                p->status},
                          .wide = p->time};
    char *to = t->text + sizeof head;

    if (about != NULL)
        head.argc = (uint32_t)about->argc;
    memcpy(t->text, &head, sizeof head);
    to = put_text(to, p->executable.bytes, p->executable.length);
    to = put_text(to, p->name.bytes, p->name.length);
    to = put_text(to, p->note.bytes, p->note.length);
    if (about != NULL) {
        memcpy(to, about->argv, about->argv_bytes);
        to += about->argv_bytes;
    }
    define(t, &def, t->text, (size_t)(to - t->text));
}

/* ---- passes ------------------------------------------------------------------ */

int sampler_trace_pass(struct sampler_trace *t, bool flush,
                       struct pmt_error *err)
{
    const uint64_t half = (uint64_t)SEGMENTS * PMT_SEGMENT_BYTES / 2;
    uint64_t now = pmt_clock_mono_ns();
    int rc;

    flush |= t->since_flush > half || now - t->flushed_ns >= FLUSH_NS;
    if (!flush && now - t->passed_ns < PASS_NS)
        return PMT_OK;
    t->passed_ns = now;
    rc = pmt_drain_pass(t->drain, flush, err);
    if (flush) {
        t->since_flush = 0;
        t->flushed_ns = now;
    }
    return rc;
}

static void close_all(struct sampler_trace *t)
{
    pmt_drain_free(t->drain);
    t->drain = NULL;
    pmt_journal_close(&t->journal);
    close(t->fd);
}

int sampler_trace_finish(struct sampler_trace *t, struct pmt_error *err)
{
    int rc;

    if (t->segment != NULL)
        pmt_journal_give(t->segment);
    t->segment = NULL;
    rc = pmt_drain_finish(t->drain, err);
    if (rc == PMT_OK && t->journal.has_file)
        unlink(t->journal_path);
    close_all(t);
    return rc;
}

void sampler_trace_drop(struct sampler_trace *t)
{
    bool has_file = t->journal.has_file;

    close_all(t);
    unlink(t->path);
    if (has_file)
        unlink(t->journal_path);
}
