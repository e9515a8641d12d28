/*
 * recover-in-place.c - finishes a trace where it lies (pmt/recover.h).
 *
 * The trace stays as it is up to where the journal says that it is whole; what
 * pmt_recover() makes of the rest is written behind that, and then the
 * journal goes. Whoever reads before that finds the same records: with a
 * journal beside it, a trace is read up to that point, and the rest from the
 * journal. So this may be killed at any point, and done again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "pmt/journal.h"
#include "pmt/recover.h"
#include "ring.h"

/* What pmt_recover() gives: compared with the trace as far as they agree, and
 * kept from there on. */
struct rest {
    int fd; /* of the trace */
    uint64_t same;
    struct pmt_buffer bytes;
};

static int failed(struct pmt_error *err, const char *what)
{
    return pmt_error_set_errno(err, errno, PMT_NO_OFFSET, what);
}

static int take_bytes(void *context, const void *bytes, size_t n,
                      struct pmt_error *err)
{
    struct rest *rest = context;
    const unsigned char *p = bytes;
    unsigned char there[4096];

    while (n > 0 && rest->bytes.used == 0) {
        size_t want = n < sizeof there ? n : sizeof there, same = 0;
        ssize_t got = pread(rest->fd, there, want, (off_t)rest->same);

        while (got > 0 && same < (size_t)got && p[same] == there[same]) {
            same++;
        }
        rest->same += same;
        p += same;
        n -= same;
        if (same < want) {
            break;
        }
    }
    return n > 0 && pmt_buffer_append(&rest->bytes, p, n) != PMT_OK
               ? pmt_error_set_memory(err)
               : PMT_OK;
}

static int write_rest(const struct rest *rest, struct pmt_error *err)
{
    struct pmt_ring_file file = {.fd = rest->fd};
    int rc = pmt_ring_file_write(&file, rest->bytes.bytes, rest->bytes.used,
                                 rest->same, err);

    if (rc == PMT_OK &&
        ftruncate(rest->fd, (off_t)(rest->same + rest->bytes.used)) < 0) {
        return failed(err, "can't cut the trace");
    }
    return rc;
}

/* A file of `owner`'s, or of anybody's, which is no link. */
static int open_own(const char *path, int flags, int64_t owner,
                    struct stat *st)
{
    int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) ||
                    (owner >= 0 && (int64_t)st->st_uid != owner))) {
        close(fd);
        fd = -1;
        errno = EPERM;
    }
    return fd;
}

static bool is_at(const char *path, const struct stat *st)
{
    return pmt_ring_is_at(path, st->st_dev, st->st_ino) == 1;
}

static int recover(const char *trace, const char *journal, struct rest *rest,
                   struct pmt_recovery *report, struct pmt_error *err)
{
    const struct pmt_sink sink = {.context = rest, .write = take_bytes};
    struct pmt_source source = {0};
    int rc = pmt_source_open_file(&source, trace, err);

    if (rc == PMT_OK) {
        rc = pmt_recover(&source, journal, &sink, report, err);
        pmt_source_close(&source);
    }
    if (rc == PMT_OK && report->chunks_kept == 0) {
        rc = pmt_error_set(err, PMT_ERR_CORRUPT, 0, "no sound chunk");
    }
    return rc;
}

/* How far the journal says that the trace is whole; without one, or with a
 * damaged one, what is sound decides. */
static uint64_t whole_to(int journal_fd)
{
    struct pmt_journal_header h;

    return journal_fd >= 0 &&
                   pread(journal_fd, &h, sizeof h, 0) == (ssize_t)sizeof h &&
                   memcmp(h.magic, PMT_JOURNAL_MAGIC, sizeof h.magic) == 0
               ? h.committed_end
               : 0;
}

static int finish(const char *trace, const char *journal, int64_t owner,
                  int fd, struct pmt_recovery *report, struct pmt_error *err)
{
    struct rest rest = {.fd = fd};
    struct stat trace_st = {0}, journal_st = {0};
    int journal_fd = -1;
    int rc;

    if (journal &&
        (journal_fd = open_own(journal, O_RDONLY, owner, &journal_st)) < 0) {
        return failed(err, "can't read the journal");
    }
    rc = fstat(fd, &trace_st) < 0 ? failed(err, "can't read the trace")
                                  : recover(trace, journal, &rest, report,
                                            err);
    if (rc == PMT_OK && (report->damaged_places > report->truncated ||
                         rest.same < whole_to(journal_fd))) {
        rc = pmt_error_set(err, PMT_ERR_CORRUPT, rest.same,
                           "damaged at or behind byte %" PRIu64
                           ": not by a cut end",
                           rest.same);
    }
    if (rc == PMT_OK && (!is_at(trace, &trace_st) ||
                         (journal && !is_at(journal, &journal_st)))) {
        errno = ESTALE;
        rc = failed(err, "another file has its name now");
    }
    if (rc == PMT_OK) {
        rc = write_rest(&rest, err);
    }
    if (rc == PMT_OK && journal && unlink(journal) < 0) {
        rc = failed(err, "can't remove the journal");
    }
    if (journal_fd >= 0) {
        close(journal_fd);
    }
    pmt_buffer_release(&rest.bytes);
    return rc;
}

int pmt_recover_in_place(const char *trace, const char *journal,
                         int64_t owner, struct pmt_recovery *report,
                         struct pmt_error *err)
{
    struct stat st;
    int fd = open_own(trace, O_RDWR, owner, &st);
    int rc;

    if (fd < 0) {
        return failed(err, "can't open it for writing");
    }
    /* Whoever finishes a trace holds it. */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        rc = pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                           "another process is at it");
    } else {
        rc = finish(trace, journal, owner, fd, report, err);
    }
    close(fd);
    return rc;
}
