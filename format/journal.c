/* journal.c - creating, opening and checking journals. */
#include "pmt/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

int pmt_clock_counter_usable(void)
{
#if defined(__x86_64__) || defined(__i386__)
    unsigned a, b, c, d;

    /* Invariant TSC: Intel SDM volume 3, "Time-Stamp Counter". */
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
#elif defined(__aarch64__)
    return 1;
#else
    return 0;
#endif
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/* Segments that a forked process's journal has blocks for at first. */
#define FIRST_SEGMENTS 2u

/* See pmt_journal_forked(). 0: this process was not forked. */
static uint64_t known_rate;

void pmt_journal_forked(uint64_t raw_per_ns_q32)
{
    __atomic_store_n(&known_rate, raw_per_ns_q32, __ATOMIC_RELAXED);
}

/* Counts per ns as 32.32 fixed point, over some 200 us. */
static uint64_t measure_rate(uint32_t clock, uint64_t raw0, uint64_t mono0)
{
    uint64_t raw1, mono1, known = __atomic_load_n(&known_rate,
                                                  __ATOMIC_RELAXED);

    if (clock == PMT_CLOCK_MONOTONIC) {
        return UINT64_C(1) << 32;
    }
    if (known) {
        return known;
    }
    do {
        mono1 = pmt_clock_mono_ns();
        raw1 = pmt_clock_raw(clock);
    } while (mono1 - mono0 < 200000);
    return (uint64_t)(((unsigned __int128)(raw1 - raw0) << 32) /
                      (mono1 - mono0));
}

static void fill_header(struct pmt_journal_header *h, uint32_t segments,
                        uint32_t tick_ns)
{
    struct timespec real;

    h->version = PMT_JOURNAL_VERSION;
    h->header_bytes = PMT_JOURNAL_HEADER_BYTES;
    h->segment_bytes = PMT_SEGMENT_BYTES;
    h->segment_count = segments;
    h->clock = pmt_clock_counter_usable() ? PMT_CLOCK_COUNTER
                                          : PMT_CLOCK_MONOTONIC;
    h->tick_ns = tick_ns;
    h->pid = (uint64_t)getpid();
    h->next_order = 1;
    h->start_mono_ns = pmt_clock_mono_ns();
    h->start_raw = pmt_clock_raw(h->clock);
    clock_gettime(CLOCK_REALTIME, &real);
    h->start_real_ns = (int64_t)real.tv_sec * 1000000000 + real.tv_nsec;
    h->anchor_raw = h->start_raw;
    h->anchor_mono_ns = h->start_mono_ns;
    h->raw_per_ns_q32 =
        measure_rate(h->clock, h->start_raw, h->start_mono_ns);
    /* The magic last: a journal without it is none. */
    memcpy(h->magic, PMT_JOURNAL_MAGIC, sizeof h->magic);
}

/*
 * A write lock on the whole file. An OFD lock belongs to the open file, which
 * the mapping keeps open: it goes with the process, or when the mapping goes,
 * whatever becomes of descriptors, and a forked child does not have it
 * unless it has the mapping. Where the system has none: one of the process,
 * which goes too when any descriptor of the file is closed.
 */
static int lock_file(int fd, bool *needs_fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

#ifdef F_OFD_SETLK
    *needs_fd = false;
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
        return 0;
    }
#endif
    *needs_fd = true;
    return fcntl(fd, F_SETLK, &lock);
}

/* All blocks now: a store into a hole of a full disk is SIGBUS. 0 or errno. */
static int allocate(int fd, size_t bytes)
{
    static const char zeros[65536];
    int rc = posix_fallocate(fd, 0, (off_t)bytes);

    if (rc != EOPNOTSUPP && rc != ENOSYS && rc != EINVAL) {
        return rc;
    }
    for (size_t at = 0; at < bytes;) {
        size_t size = bytes - at < sizeof zeros ? bytes - at : sizeof zeros;
        ssize_t n = pwrite(fd, zeros, size, (off_t)at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? errno : ENOSPC;
        }
        at += (size_t)n;
    }
    return 0;
}

/* Into `j`: the file's identity; its descriptor into *fd_out. */
static int create_file(struct pmt_journal *j, const char *path, size_t bytes,
                       size_t first_bytes, int *fd_out, bool *needs_fd,
                       struct pmt_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0600);
    struct stat st;
    int rc;

    if (fd < 0) {
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "can't create the journal");
    }
    rc = allocate(fd, first_bytes);
    if (!rc && first_bytes < bytes && ftruncate(fd, (off_t)bytes) < 0) {
        rc = errno;
    }
    if (!rc && (lock_file(fd, needs_fd) < 0 || fstat(fd, &st) < 0)) {
        rc = errno;
    }
    if (rc) {
        unlink(path);
        close(fd);
        return pmt_error_set_errno(err, rc, PMT_NO_OFFSET,
                                   "can't allocate the journal");
    }
    j->dev = st.st_dev;
    j->ino = st.st_ino;
    *fd_out = fd;
    return PMT_OK;
}

/* Whether blocks can be had later, or they are had now. */
static bool can_grow(void *p, int fd, size_t bytes)
{
    return madvise(p, PMT_JOURNAL_HEADER_BYTES, MADV_POPULATE_WRITE) == 0 ||
           allocate(fd, bytes) == 0;
}

int pmt_journal_create(struct pmt_journal *j, const char *path,
                       uint32_t segment_count, uint32_t tick_ns,
                       int allow_anonymous, struct pmt_error *err)
{
    uint32_t segments = segment_count ? segment_count : PMT_JOURNAL_SEGMENTS;
    size_t bytes =
        PMT_JOURNAL_HEADER_BYTES + (size_t)segments * PMT_SEGMENT_BYTES;
    bool forked = __atomic_load_n(&known_rate, __ATOMIC_RELAXED) != 0;
    uint32_t first = forked && segments > FIRST_SEGMENTS ? FIRST_SEGMENTS
                                                         : segments;
    bool needs_fd = false;
    int fd = -1;
    void *p = MAP_FAILED;

    memset(j, 0, sizeof *j);
    j->fd = -1;
    if (path) {
        int rc = create_file(j, path, bytes,
                             PMT_JOURNAL_HEADER_BYTES +
                                 (size_t)first * PMT_SEGMENT_BYTES,
                             &fd, &needs_fd, err);

        if (rc < 0 && !allow_anonymous) {
            return rc;
        }
    }
    if (fd >= 0) {
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED) {
            unlink(path);
            close(fd);
            fd = -1;
        } else if (first < segments && !can_grow(p, fd, bytes)) {
            munmap(p, bytes);
            unlink(path);
            close(fd);
            return pmt_error_set_errno(err, ENOSPC, PMT_NO_OFFSET,
                                       "can't allocate the journal");
        } else if (!needs_fd) {
            close(fd);
        }
        j->has_file = p != MAP_FAILED;
        if (j->has_file && forked) {
            madvise(p, bytes, MADV_RANDOM);
        }
    }
    if (p == MAP_FAILED && (!path || allow_anonymous)) {
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (p == MAP_FAILED) {
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "can't map the journal");
    }
    j->header = p;
    j->bytes = bytes;
    j->fd = needs_fd ? fd : -1;
    j->header->allocated = j->has_file ? first : segments;
    fill_header(j->header, segments, tick_ns);
    return PMT_OK;
}

static bool is_the_file(const struct pmt_journal *j, int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_dev == j->dev && st.st_ino == j->ino;
}

void pmt_journal_close(struct pmt_journal *j)
{
    if (j->header) {
        munmap(j->header, j->bytes);
    }
    if (j->fd >= 0 && is_the_file(j, j->fd)) {
        close(j->fd);
    }
    memset(j, 0, sizeof *j);
    j->fd = -1;
}

/* ---- opening what another process left ---------------------------------- */

static int sound(const struct pmt_journal_header *h, size_t bytes)
{
    return !memcmp(h->magic, PMT_JOURNAL_MAGIC, sizeof h->magic) &&
           h->version == PMT_JOURNAL_VERSION &&
           h->header_bytes == PMT_JOURNAL_HEADER_BYTES &&
           h->segment_bytes >= PMT_SEGMENT_HEADER_BYTES + 4096 &&
           h->segment_bytes <= 64u << 20 && h->segment_bytes % 64 == 0 &&
           h->segment_count >= 1 && h->segment_count <= 65536 &&
           h->clock <= PMT_CLOCK_COUNTER && h->tick_ns &&
           h->tick_ns <= 1000000000 && h->raw_per_ns_q32 &&
           bytes == h->header_bytes +
                        (uint64_t)h->segment_count * h->segment_bytes;
}

/* A lock of either sort; one of another thread of this process too. */
static int is_locked(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static int map_private(struct pmt_journal *j, int fd, struct pmt_error *err)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st) < 0) {
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "can't read the journal");
    }
    if (!S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size < PMT_JOURNAL_HEADER_BYTES) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, 0, "not a journal");
    }
    if (is_locked(fd)) {
        return pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                             "the process that writes it lives");
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
             fd, 0);
    if (p == MAP_FAILED) {
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "can't map the journal");
    }
    if (!sound(p, (size_t)st.st_size)) {
        munmap(p, (size_t)st.st_size);
        return pmt_error_set(err, PMT_ERR_CORRUPT, 0, "not a journal");
    }
    j->header = p;
    j->bytes = (size_t)st.st_size;
    j->fd = fd;
    j->has_file = true;
    j->dev = st.st_dev;
    j->ino = st.st_ino;
    return PMT_OK;
}

int pmt_journal_open(struct pmt_journal *j, const char *path,
                     struct pmt_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int rc;

    memset(j, 0, sizeof *j);
    j->fd = -1;
    if (fd < 0) {
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "can't open the journal");
    }
    rc = map_private(j, fd, err);
    if (rc < 0) {
        close(fd);
    }
    return rc;
}

/* ---- producing ---------------------------------------------------------- */

/* Gives segment i its blocks; false when the disk has none. Where the system
 * can't do it they are there from the start. */
static bool grow(struct pmt_journal *j, uint32_t i)
{
    uint32_t have = __atomic_load_n(&j->header->allocated, __ATOMIC_ACQUIRE);

    if (i < have) {
        return true;
    }
    if (madvise(pmt_journal_segment(j, i), j->header->segment_bytes,
                MADV_POPULATE_WRITE) != 0 &&
        errno != EINVAL) {
        return false;
    }
    while (have <= i &&
           !__atomic_compare_exchange_n(&j->header->allocated, &have, i + 1,
                                        0, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
        continue;
    }
    return true;
}

struct pmt_segment *pmt_journal_take(struct pmt_journal *j,
                                     enum pmt_segment_kind kind,
                                     uint32_t thread)
{
    for (uint32_t i = 0; i < j->header->segment_count; i++) {
        struct pmt_segment *s = pmt_journal_segment(j, i);
        uint32_t free_ = PMT_SEGMENT_FREE;

        if (!grow(j, i)) {
            break;
        }
        if (__atomic_load_n(&s->state, __ATOMIC_RELAXED) != free_ ||
            !__atomic_compare_exchange_n(&s->state, &free_,
                                         PMT_SEGMENT_ACTIVE, 0,
                                         __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED)) {
            continue;
        }
        s->kind = kind;
        s->thread = thread;
        s->consumed = 0;
        s->pending = 0;
        __atomic_store_n(&s->head, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&s->order,
                         __atomic_fetch_add(&j->header->next_order, 1,
                                            __ATOMIC_RELAXED),
                         __ATOMIC_RELEASE);
        return s;
    }
    return NULL;
}

void pmt_journal_losses(const struct pmt_journal *j, uint64_t *lost)
{
    const struct pmt_journal_header *h = j->header;
    uint64_t by_io = h->full_by_io;

    for (unsigned c = 0; c < PMT_LOSS_CAUSES; c++) {
        lost[c] = __atomic_load_n(&h->lost[c], __ATOMIC_RELAXED);
    }
    /* A journal from outside may say anything. */
    by_io = by_io < lost[PMT_LOSS_FULL] ? by_io : lost[PMT_LOSS_FULL];
    lost[PMT_LOSS_FULL] -= by_io;
    lost[PMT_LOSS_IO] += by_io;
}

int pmt_journal_define(struct pmt_journal *j, struct pmt_segment *s,
                       const struct pmt_def *def, const char *text,
                       size_t text_bytes, const char *text2,
                       size_t text2_bytes)
{
    size_t text_total = text_bytes + text2_bytes;
    size_t total = (sizeof *def + text_total + 7) & ~(size_t)7;
    uint64_t head = __atomic_load_n(&s->head, __ATOMIC_RELAXED);
    struct pmt_def *out = (struct pmt_def *)(void *)(s->data + head);

    if (total > pmt_segment_capacity(j) - head) {
        return 0;
    }
    *out = *def;
    out->total_bytes = (uint32_t)total;
    out->text_bytes = (uint32_t)text_total;
    if (text_bytes) {
        memcpy(out + 1, text, text_bytes);
    }
    if (text2_bytes) {
        memcpy((char *)(out + 1) + text_bytes, text2, text2_bytes);
    }
    __atomic_store_n(&s->head, head + total, __ATOMIC_RELEASE);
    return 1;
}
