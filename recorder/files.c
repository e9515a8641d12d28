/*
 * files.c - the trace and its journal: made, and removed (running.h).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "running.h"

static bool is_at(const struct pmt_journal *journal, const char *path)
{
    struct stat st;

    return journal->has_file && lstat(path, &st) == 0 &&
           st.st_dev == journal->dev && st.st_ino == journal->ino;
}

bool rec_files_are_at(const char *path, const struct rec_file *trace,
                      const struct pmt_journal *journal)
{
    return rec_file_is_at(trace, path) || is_at(journal, path);
}

void rec_files_remove_journal(const char *path,
                              const struct pmt_journal *journal)
{
    if (is_at(journal, path))
        unlink(path);
}

void rec_files_forked(struct rec_file *trace, struct pmt_journal *journal)
{
    rec_file_forked(trace);
    journal->header = NULL; /* is not mapped here */
    pmt_journal_close(journal);
}

void rec_uuid_text(const uint8_t uuid[16], char text[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", uuid[i]);
}

/* Random, version 4. */
static int make_uuid(uint8_t uuid[16], struct pmt_error *err)
{
    if (getrandom(uuid, 16, 0) != 16)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET, "getrandom");
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    return PMT_OK;
}

/* Removes an old file in the way of a new one, if it is one. */
static int clear_path(const char *path, bool force, struct pmt_error *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return PMT_OK;
    if (!force || (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)))
        return pmt_error_set_errno(err, EEXIST, PMT_NO_OFFSET,
                                   "cannot create the trace");
    if (unlink(path) != 0)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot replace the trace");
    return PMT_OK;
}

/* True for "NAME.000012", a part of the trace NAME. */
static bool is_part(const char *entry, const char *name)
{
    size_t n = strlen(name), digits;

    if (strncmp(entry, name, n) != 0 || entry[n] != '.')
        return false;
    digits = strspn(entry + n + 1, "0123456789");
    return digits >= 6 && entry[n + 1 + digits] == '\0';
}

/* Parts that an earlier recording left under this name, which would be in the
 * way of those of a ring. */
static int clear_parts(const char *path, bool force, bool ring,
                       struct pmt_error *err)
{
    const char *name = strrchr(path, '/');
    char folder[REC_PATH_MAX];
    struct dirent *entry;
    int failed = 0;
    DIR *dir;

    if (name == NULL || (!force && !ring))
        return PMT_OK;
    snprintf(folder, sizeof folder, "%.*s", (int)(name - path + 1), path);
    dir = opendir(folder);
    while (dir != NULL && !failed && (entry = readdir(dir)) != NULL) {
        struct stat st;

        if (!is_part(entry->d_name, name + 1) ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (!force || !S_ISREG(st.st_mode))
            failed = ring ? EEXIST : 0;
        else if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            failed = errno;
    }
    if (dir != NULL)
        closedir(dir);
    return failed ? pmt_error_set_errno(err, failed, PMT_NO_OFFSET,
                                        "parts of an earlier trace are there")
                  : PMT_OK;
}

/* True when a recording of this process writes there. To open its journal
 * and close it again may give up the lock on it. */
static bool is_own(const char *path)
{
    return rec_files_are_at(path, &rec_running.trace, &rec_journal) ||
           rec_nest_writes(path);
}

/* Absolute, so that it names the same file when the program is in another
 * folder. False: too long. */
static bool find_path(struct rec_files *f, const char *path)
{
    size_t used = 0;

    if (path[0] != '/' && getcwd(f->trace_path, sizeof f->trace_path) &&
        f->trace_path[0] == '/') {
        used = strlen(f->trace_path);
        if (f->trace_path[used - 1] != '/' &&
            used + 1 < sizeof f->trace_path)
            f->trace_path[used++] = '/';
    }
    if (used + strlen(path) >= sizeof f->trace_path)
        return false;
    strcpy(f->trace_path + used, path);
    snprintf(f->journal_path, sizeof f->journal_path, "%s%s", f->trace_path,
             PMT_JOURNAL_SUFFIX);
    return true;
}

static int make_trace(struct rec_files *f, const struct rec_config *c,
                      struct pmt_error *err)
{
    bool ring = c->settings.max_size != 0 || c->settings.max_age != 0;
    struct pmt_journal other = {0};
    int result, fd;

    if (!find_path(f, c->path))
        return pmt_error_set_errno(err, ENAMETOOLONG, PMT_NO_OFFSET,
                                   "cannot create the trace");
    if (is_own(f->trace_path) || is_own(f->journal_path))
        return pmt_error_set_errno(err, EBUSY, PMT_NO_OFFSET,
                                   "this process is recording into it");
    result = pmt_journal_open(&other, f->journal_path, NULL);
    if (result == PMT_OK)
        pmt_journal_close(&other);
    if (result == PMT_ERR_BUSY)
        return pmt_error_set_errno(err, EBUSY, PMT_NO_OFFSET,
                                   "another process is recording into it");
    result = clear_path(f->trace_path, c->settings.force, err);
    if (result == PMT_OK)
        result = clear_path(f->journal_path, c->settings.force, err);
    if (result == PMT_OK)
        result = clear_parts(f->trace_path, c->settings.force,
                             c->settings.max_size || c->settings.max_age,
                             err);
    if (result != PMT_OK)
        return result;
    fd = open(f->trace_path,
              O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    f->trace_made = fd >= 0;
    if (fd < 0 || rec_file_take(&f->trace, fd, !ring) != 0)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot create the trace");
    return PMT_OK;
}

/* The journal takes a quarter at most of what a ring may take. */
static uint32_t segments_of(const struct rec_settings *s)
{
    uint32_t wanted = s->segments != 0 ? s->segments : PMT_JOURNAL_SEGMENTS;
    uint64_t most = s->max_size / 4 / PMT_SEGMENT_BYTES;

    if (s->max_size == 0 || wanted < most)
        return wanted;
    return most > REC_SEGMENTS_MIN ? (uint32_t)most - 1 : REC_SEGMENTS_MIN;
}

int rec_files_make(struct rec_files *f, const struct rec_config *c,
                   struct pmt_error *err)
{
    int result;

    memset(f, 0, sizeof *f);
    f->trace.fd = f->journal.fd = -1;
    result = make_uuid(f->uuid, err);
    if (result == PMT_OK)
        result = make_trace(f, c, err);
    if (result != PMT_OK)
        return result;
    result = pmt_journal_create(&f->journal, f->journal_path,
                                segments_of(&c->settings),
                                c->settings.tick_ns, 1,
                                err);
    if (result == PMT_OK)
        madvise(f->journal.header, f->journal.bytes, MADV_DONTFORK);
    else
        rec_files_drop(f, false);
    return result;
}

void rec_files_drop(struct rec_files *f, bool keep_trace)
{
    rec_files_remove_journal(f->journal_path, &f->journal);
    pmt_journal_close(&f->journal);
    memset(&f->journal, 0, sizeof f->journal);
    f->journal.fd = -1;
    if (f->trace_made && !keep_trace &&
        (f->trace.fd < 0 || rec_file_is_at(&f->trace, f->trace_path)))
        unlink(f->trace_path);
    rec_file_close(&f->trace);
}
