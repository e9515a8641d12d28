/*
 * drain.h - moves what is in a journal into a trace.
 *
 * The recorder's background thread owns a drain while the process lives;
 * pmt-recover and every reader use the same code on the journal of a dead
 * one. Not thread-safe: one thread at a time calls into a drain. No call
 * needs the GIL or touches Python.
 */
#ifndef PMT_DRAIN_H
#define PMT_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/journal.h"
#include "pmt/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pmt_drain;

/*
 * Where a drain writes, and how much it keeps.
 *
 * With `max_bytes` or `max_age_ns` it writes a ring: the stream in parts
 * (pmt/parts.h), each a trace by itself that begins with what was live then.
 * When a part is full it gets the name that its number gives it, and the next
 * one begins at `path`; the oldest parts are removed so that all of them and
 * the journal stay within `max_bytes`, or to the next chunk over it, and none
 * stays whose last record is older than `max_age_ns`. Where another file has
 * the name of an older part, that part and those before it go too; the file is
 * left as it is, and a mark tells of it once.
 */
struct pmt_drain_target {
    int fd;              /* open for writing, empty; borrowed until
                          * pmt_drain_leave. With a ring the caller should
                          * close it then: it would keep the first part's
                          * blocks when that is removed */
    const char *path;    /* of `fd`; absolute; copied. NULL: the file has no
                          * name: no ring, no dump, and never opened again */
    uint64_t max_bytes;  /* 0: no limit. The parts have what the journal
                          * leaves of it, 64 KiB at least */
    uint64_t max_age_ns; /* 0: no limit */
};

/*
 * A drain of a living journal into `target` (copied). Writes the stream
 * header at once. `info` and `options` are copied. PMT_ERR_ARGUMENT: a ring
 * without a path.
 */
int pmt_drain_new(struct pmt_drain **out, struct pmt_journal *j,
                  const struct pmt_drain_target *target,
                  const struct pmt_stream_info *info,
                  const struct pmt_writer_options *options,
                  struct pmt_error *err);

/*
 * Descriptors belong to a thread's table, and to the program, which may close
 * or reuse them. Before each write a drain asks whether its own still is the
 * file it writes (device and inode), and otherwise opens it again by itself.
 *
 * leave: forgets the descriptor, and closes it if the drain opened it. To be
 * called before the thread that drains ends, where its table is its own.
 *
 * open: has one again, of its own, in the table of the calling thread, at a
 * high number: a duplicate of `spare_fd` if that is the right file, else by
 * path, if the right file is there. PMT_ERR_IO: neither is.
 */
void pmt_drain_leave(struct pmt_drain *d);
int pmt_drain_open(struct pmt_drain *d, int spare_fd, struct pmt_error *err);

/*
 * Takes all records whose time lies before the call, in order of time over
 * all threads, and writes each chunk that is complete. With `flush`, writes
 * what is left as well. Frees segments that are emptied and written.
 *
 * PMT_ERR_IO (disk full): the file is cut back to its last whole chunk, and
 * what could not be written stays in the journal; the next pass tries again.
 * Meanwhile no segment is freed: when the journal is full the producers
 * count what they drop, which the trace then shows as lost by cause `io`.
 * A ring first removes its oldest parts. While a part can't begin it stays in
 * the one it has, and only when that takes the whole limit it is as if the
 * disk were full.
 */
int pmt_drain_pass(struct pmt_drain *d, bool flush, struct pmt_error *err);

/*
 * Writes all that was recorded before the call, as pmt_drain_pass with
 * `flush` does, and then copies the parts that are there, oldest first, into
 * the new file `path` (absolute; mode 0600), which is a trace by itself and
 * has an end that says that it is a dump (5.2).
 * *bytes (NULL allowed) is its length. Nothing is left at `path` on an error:
 * PMT_ERR_IO, with EEXIST when something is there already. Only at a
 * producer's rest is it certain that records of this moment are in it.
 */
int pmt_drain_dump(struct pmt_drain *d, const char *path, uint64_t *bytes,
                   struct pmt_error *err);

/* What a ring holds now. Without one: one part, which is the whole trace. */
struct pmt_ring_figures {
    uint32_t parts;      /* files */
    uint32_t part;       /* number of the newest */
    uint64_t bytes;      /* of all parts and, until pmt_drain_finish, the
                          * journal */
    uint64_t let_go;     /* records in parts that were removed */
    uint64_t live_blocks;/* blocks and objects in the live sets kept */
};
void pmt_drain_ring(const struct pmt_drain *d, struct pmt_ring_figures *f);

/* Records taken so far that are not in the trace yet. */
uint64_t pmt_drain_unwritten(const struct pmt_drain *d);

/* The last pass, when all producers have stopped; the end of the stream; the
 * index. After PMT_OK the journal file may be removed; after an error it
 * holds what is missing, and should stay. */
int pmt_drain_finish(struct pmt_drain *d, struct pmt_error *err);

/* NULL is allowed. Leaves the file (pmt_drain_leave); does not close the
 * journal. */
void pmt_drain_free(struct pmt_drain *d);

/* Bytes of memory a drain holds now, and the most it held. */
void pmt_drain_memory(const struct pmt_drain *d, uint64_t *now_bytes,
                      uint64_t *peak_bytes);

#ifdef __cplusplus
}
#endif
#endif
