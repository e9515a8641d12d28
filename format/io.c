/* io.c - sources and sinks over files, pipes and memory. */
#include "pmt/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_source {
    int fd;
    int own;
    int seekable;
    uint64_t position; /* of a pipe */
};

static int64_t file_read_at(void *context, uint64_t offset, void *buffer,
                            size_t n, struct pmt_error *err)
{
    struct file_source *f = context;
    ssize_t got;

    if (!f->seekable && offset != f->position) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, offset,
                             "a pipe can't be read out of order");
    }
    do {
        got = f->seekable ? pread(f->fd, buffer, n, (off_t)offset)
                          : read(f->fd, buffer, n);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return pmt_error_set_errno(err, errno, offset, "can't read");
    }
    f->position = offset + (uint64_t)got;
    return got;
}

static void file_close(void *context)
{
    struct file_source *f = context;

    if (f->own) {
        close(f->fd);
    }
    free(f);
}

int pmt_source_from_fd(struct pmt_source *source, int fd, int own,
                       struct pmt_error *err)
{
    struct file_source *f;
    struct stat st;

    memset(source, 0, sizeof *source);
    if (fstat(fd, &st) < 0) {
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET, "can't read");
    }
    if (S_ISDIR(st.st_mode)) {
        return pmt_error_set_errno(err, EISDIR, PMT_NO_OFFSET, "can't read");
    }
    f = calloc(1, sizeof *f);
    if (!f) {
        return pmt_error_set_memory(err);
    }
    f->fd = fd;
    f->own = own;
    f->seekable = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
    source->context = f;
    source->read_at = file_read_at;
    source->close = file_close;
    source->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size
                                       : PMT_NO_OFFSET;
    return PMT_OK;
}

int pmt_source_open_file(struct pmt_source *source, const char *path,
                         struct pmt_error *err)
{
    int fd;
    int rc;

    memset(source, 0, sizeof *source);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET, "can't open");
    }
    rc = pmt_source_from_fd(source, fd, 1, err);
    if (rc < 0) {
        close(fd);
    }
    return rc;
}

struct memory_source {
    const uint8_t *bytes;
    size_t n;
};

static int64_t memory_read_at(void *context, uint64_t offset, void *buffer,
                              size_t n, struct pmt_error *err)
{
    /* The source's context is the bytes themselves; see below. */
    struct memory_source *m = context;

    (void)err;
    if (offset >= m->n) {
        return 0;
    }
    if (n > m->n - offset) {
        n = (size_t)(m->n - offset);
    }
    memcpy(buffer, m->bytes + offset, n);
    return (int64_t)n;
}

static int64_t empty_read_at(void *context, uint64_t offset, void *buffer,
                             size_t n, struct pmt_error *err)
{
    (void)context;
    (void)offset;
    (void)buffer;
    (void)n;
    return pmt_error_set_memory(err);
}

void pmt_source_from_memory(struct pmt_source *source, const void *bytes,
                            size_t n)
{
    struct memory_source *m = malloc(sizeof *m);

    memset(source, 0, sizeof *source);
    source->size = n;
    source->read_at = empty_read_at;
    if (m) {
        m->bytes = bytes;
        m->n = n;
        source->context = m;
        source->read_at = memory_read_at;
        source->close = free;
    }
}

struct part_source {
    const struct pmt_source *of;
    uint64_t at, size;
};

static int64_t part_read_at(void *context, uint64_t offset, void *buffer,
                            size_t n, struct pmt_error *err)
{
    struct part_source *p = context;

    if (offset >= p->size) {
        return 0;
    }
    if (n > p->size - offset) {
        n = (size_t)(p->size - offset);
    }
    return p->of->read_at(p->of->context, p->at + offset, buffer, n, err);
}

void pmt_source_from_part(struct pmt_source *source,
                          const struct pmt_source *of, uint64_t at,
                          uint64_t size)
{
    struct part_source *p = malloc(sizeof *p);

    memset(source, 0, sizeof *source);
    source->size = size;
    source->read_at = empty_read_at;
    if (p) {
        *p = (struct part_source){of, at, size};
        source->context = p;
        source->read_at = part_read_at;
        source->close = free;
    }
}

void pmt_source_close(struct pmt_source *source)
{
    if (source->close) {
        source->close(source->context);
    }
    memset(source, 0, sizeof *source);
}

static int fd_write(void *context, const void *bytes, size_t n,
                    struct pmt_error *err)
{
    const char *p = bytes;
    int fd = (int)(intptr_t)context;

    while (n) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                       "can't write");
        }
        p += done;
        n -= (size_t)done;
    }
    return PMT_OK;
}

void pmt_sink_to_fd(struct pmt_sink *sink, int fd)
{
    sink->context = (void *)(intptr_t)fd;
    sink->write = fd_write;
}

static int buffer_write(void *context, const void *bytes, size_t n,
                        struct pmt_error *err)
{
    if (pmt_buffer_append(context, bytes, n) < 0) {
        return pmt_error_set_memory(err);
    }
    return PMT_OK;
}

void pmt_sink_to_buffer(struct pmt_sink *sink, struct pmt_buffer *buffer)
{
    sink->context = buffer;
    sink->write = buffer_write;
}

int pmt_buffer_reserve(struct pmt_buffer *buffer, size_t more)
{
    size_t want = buffer->used + more;
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    unsigned char *bytes;

    if (want < more) {
        return PMT_ERR_MEMORY;
    }
    if (want <= buffer->capacity) {
        return PMT_OK;
    }
    while (capacity < want) {
        capacity = capacity > SIZE_MAX / 2 ? want : capacity * 2;
    }
    bytes = realloc(buffer->bytes, capacity);
    if (!bytes) {
        return PMT_ERR_MEMORY;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return PMT_OK;
}

int pmt_buffer_append(struct pmt_buffer *buffer, const void *bytes, size_t n)
{
    if (pmt_buffer_reserve(buffer, n) < 0) {
        return PMT_ERR_MEMORY;
    }
    if (n) {
        memcpy(buffer->bytes + buffer->used, bytes, n);
    }
    buffer->used += n;
    return PMT_OK;
}

void pmt_buffer_release(struct pmt_buffer *buffer)
{
    free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
}
