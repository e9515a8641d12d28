/*
 * io.h - where bytes of a trace come from and go to: a small table of
 * functions, so that files, pipes and memory look alike.
 */
#ifndef PMT_IO_H
#define PMT_IO_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a reader reads. */
struct pmt_source {
    void *context;
    /*
     * Reads up to `n` bytes at `offset` into `buffer`. Returns the number
     * read, 0 at the end, or a negative PMT_ERR_ with `err` filled. May
     * return less than asked for. A source that can't seek (size
     * PMT_NO_OFFSET) is asked for rising offsets without gaps only.
     */
    int64_t (*read_at)(void *context, uint64_t offset, void *buffer,
                       size_t n, struct pmt_error *err);
    /* Bytes in all, or PMT_NO_OFFSET when not known (a pipe). */
    uint64_t size;
    /* Gives back the context; may be NULL. */
    void (*close)(void *context);
};

/* A file by path, or the open descriptor `fd` (taken over when `own`).
 * Refuses a directory. PMT_ERR_IO. A pipe or terminal has size
 * PMT_NO_OFFSET. */
int pmt_source_open_file(struct pmt_source *source, const char *path,
                         struct pmt_error *err);
int pmt_source_from_fd(struct pmt_source *source, int fd, int own,
                       struct pmt_error *err);

/* Memory, borrowed until close. */
void pmt_source_from_memory(struct pmt_source *source, const void *bytes,
                            size_t n);

/* The `size` bytes at `at` of another, which is borrowed until close. */
void pmt_source_from_part(struct pmt_source *source,
                          const struct pmt_source *of, uint64_t at,
                          uint64_t size);

/* Closes; accepts a zeroed struct; leaves it zeroed. */
void pmt_source_close(struct pmt_source *source);

/* Where a writer writes: append only. */
struct pmt_sink {
    void *context;
    /* Appends all `n` bytes, or returns a negative PMT_ERR_ with `err`
     * filled. */
    int (*write)(void *context, const void *bytes, size_t n,
                 struct pmt_error *err);
};

/* A descriptor, not owned; retries short writes and EINTR. `context` keeps
 * the descriptor by value: nothing to free. */
void pmt_sink_to_fd(struct pmt_sink *sink, int fd);

/* Memory that grows. */
struct pmt_buffer {
    unsigned char *bytes;
    size_t used;
    size_t capacity;
};

/* Appends to `buffer` (zeroed to begin with; not owned). PMT_ERR_MEMORY. */
void pmt_sink_to_buffer(struct pmt_sink *sink, struct pmt_buffer *buffer);

/* Makes room for `more` bytes. PMT_OK or PMT_ERR_MEMORY (unchanged). */
int pmt_buffer_reserve(struct pmt_buffer *buffer, size_t more);
int pmt_buffer_append(struct pmt_buffer *buffer, const void *bytes,
                      size_t n);
void pmt_buffer_release(struct pmt_buffer *buffer);

#ifdef __cplusplus
}
#endif
#endif
