/*
 * tidy.c - finishes the traces of children that died (tidy.h).
 */
#include "tidy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pmt/journal.h"
#include "pmt/recover.h"

#define PATH_BYTES (4096 + 64)

/* A trace that may be finished. */
struct found {
    char trace[PATH_BYTES], journal[PATH_BYTES];
};

#define LATE_FORKS 64u

static uint32_t forks, forks_seen, forks_tidied; /* atomic */
static uint64_t ended_seen;
static uint32_t busy;              /* atomic */
static bool looked_back;           /* for what the program before exec left */
static const uint8_t none[16];

void rec_tidy_forked(bool in_child)
{
    if (in_child) {
        forks = forks_seen = forks_tidied = busy = 0;
        ended_seen = 0;
        looked_back = true;
    } else {
        __atomic_fetch_add(&forks, 1, __ATOMIC_RELAXED);
    }
}

bool rec_tidy_is_late(void)
{
    return __atomic_load_n(&forks, __ATOMIC_RELAXED) -
               __atomic_load_n(&forks_tidied, __ATOMIC_RELAXED) >=
           LATE_FORKS;
}

/* The page faults of all children that were waited for tell of each, also of
 * those that were started in other ways than by fork(2). */
bool rec_tidy_is_due(const struct rec_family *family)
{
    uint32_t now = __atomic_load_n(&forks, __ATOMIC_RELAXED);
    struct rusage children = {.ru_minflt = 0};
    uint64_t ended;
    bool due;

    getrusage(RUSAGE_CHILDREN, &children);
    ended = (uint64_t)children.ru_minflt;
    due = now != forks_seen || ended != ended_seen ||
          (!looked_back && memcmp(family->parent, none, 16) != 0);
    looked_back = true;
    forks_seen = now;
    ended_seen = ended;
    return due;
}

/* A file of this user's, which is no link. */
static int open_own(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) ||
                    st->st_uid != geteuid())) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* True when the journal is of a child in the family, or of the program that
 * this process was before exec. */
static bool is_of(const struct rec_family *family, int fd)
{
    struct pmt_journal_header h;

    if (pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
        memcmp(h.magic, PMT_JOURNAL_MAGIC, sizeof h.magic) != 0 ||
        h.version != PMT_JOURNAL_VERSION)
        return false;
    return memcmp(h.parent_uuid, family->uuid, 16) == 0 ||
           (h.pid == (uint64_t)getpid() &&
            memcmp(family->parent, none, 16) != 0 &&
            memcmp(h.uuid, family->parent, 16) == 0) ||
           (memcmp(family->session, none, 16) != 0 &&
            memcmp(h.session_uuid, family->session, 16) == 0 &&
            memcmp(h.uuid, family->uuid, 16) != 0);
}

/* True when it is to be looked at again: its process lives, or another one is
 * at it. */
static bool finish(const struct found *f)
{
    struct pmt_recovery report;
    struct pmt_error err;

    return pmt_recover_in_place(f->trace, f->journal, geteuid(), &report,
                                &err) == PMT_ERR_BUSY;
}

/* Takes a name of the folder; false when it is not one for us. */
static bool take(struct found *f, const struct rec_family *family,
                 const char *folder, const char *name, uint64_t bytes_max)
{
    size_t n = strlen(name), suffix = strlen(PMT_JOURNAL_SUFFIX);
    struct stat st;
    int fd, used;
    bool ours;

    if (n <= suffix || strcmp(name + n - suffix, PMT_JOURNAL_SUFFIX) != 0)
        return false;
    used = snprintf(f->journal, sizeof f->journal, "%s/%s", folder, name);
    if (used < 0 || (size_t)used >= sizeof f->journal)
        return false;
    snprintf(f->trace, sizeof f->trace, "%.*s", used - (int)suffix,
             f->journal);
    fd = open_own(f->journal, &st);
    if (fd < 0)
        return false;
    ours = is_of(family, fd);
    close(fd);
    fd = ours ? open_own(f->trace, &st) : -1;
    if (fd >= 0)
        close(fd);
    return fd >= 0 && (uint64_t)st.st_size <= bytes_max;
}

static enum rec_tidied look(const struct rec_family *family, DIR *dir,
                            const char *folder, uint64_t until,
                            uint64_t bytes_max)
{
    static struct found f; /* too large for a small stack */
    const struct dirent *entry;
    enum rec_tidied result = REC_TIDY_DONE;

    while ((entry = readdir(dir)) != NULL) {
        if (!take(&f, family, folder, entry->d_name, bytes_max))
            continue;
        if (pmt_clock_mono_ns() >= until)
            return REC_TIDY_MORE;
        if (finish(&f))
            result = REC_TIDY_LIVES;
    }
    return result;
}

enum rec_tidied rec_tidy(const struct rec_family *family,
                         uint64_t budget_ns, uint64_t bytes_max)
{
    uint64_t until = pmt_clock_mono_ns() + budget_ns;
    char folder[sizeof family->path], *slash;
    enum rec_tidied result = REC_TIDY_DONE;
    DIR *dir;

    memcpy(folder, family->path, sizeof folder);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        return REC_TIDY_DONE;
    slash[slash == folder] = '\0';
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        return REC_TIDY_MORE;
    __atomic_store_n(&forks_tidied, __atomic_load_n(&forks, __ATOMIC_RELAXED),
                     __ATOMIC_RELAXED);
    dir = opendir(folder);
    if (dir != NULL) {
        result = look(family, dir, folder, until, bytes_max);
        closedir(dir);
    }
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    return result;
}
