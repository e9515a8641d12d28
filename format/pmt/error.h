/*
 * error.h - what every call of libpmt returns, and what it says of a failure.
 *
 * Functions return an int: negative is one of the PMT_ERR_ codes below,
 * PMT_OK is success, PMT_END is "no more" from a call that iterates.
 * A call that touches input or disk takes a `struct pmt_error *`, which may
 * be NULL, and fills it on every failing path and on no other.
 *
 * Threads: an error belongs to its caller; nothing here is shared.
 */
#ifndef PMT_ERROR_H
#define PMT_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pmt_status {
    PMT_OK = 0,
    PMT_END = 1,
    /* The caller broke a rule of the header; nothing was changed. */
    PMT_ERR_ARGUMENT = -1,
    /* Memory could not be had; the object is unusable but can be freed. */
    PMT_ERR_MEMORY = -2,
    /* The system refused; `sys_errno` says why. */
    PMT_ERR_IO = -3,
    /* The bytes are no trace at all (spec 2.4). */
    PMT_ERR_NOT_A_TRACE = -4,
    /* The trace ends inside a frame: the writer was stopped (spec 9.1).
     * All that came before stands. */
    PMT_ERR_TRUNCATED = -5,
    /* Bytes are not what was written (spec 9.2); `offset` says where. */
    PMT_ERR_CORRUPT = -6,
    /* A limit of spec 10 is passed; nothing of that size was allocated. */
    PMT_ERR_LIMIT = -7,
    /* The major version of a stream is greater than this library's. */
    PMT_ERR_VERSION = -8,
    /* A chunk needs a feature, or a column a codec, not known here. */
    PMT_ERR_UNSUPPORTED = -9,
    /* The journal belongs to a process that is still writing it. */
    PMT_ERR_BUSY = -10
};

/* No place in a file is known. */
#define PMT_NO_OFFSET UINT64_MAX

struct pmt_error {
    int code;           /* one of enum pmt_status */
    int sys_errno;      /* errno of PMT_ERR_IO, else 0 */
    uint64_t offset;    /* byte in the file, or PMT_NO_OFFSET */
    char message[240];  /* lower case, no full stop, no file name; UTF-8 that
                         * holds no byte of the trace itself */
};

/*
 * A stable English name of a code: "truncated", "corrupt", ... Never NULL;
 * static storage.
 */
const char *pmt_status_name(int code);

/*
 * Fills `err` (NULL is allowed) and returns `code`, so that a failing path is
 * one line: `return pmt_error_set(err, PMT_ERR_CORRUPT, off, "...", ...)`.
 */
int pmt_error_set(struct pmt_error *err, int code, uint64_t offset,
                  const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* The same for PMT_ERR_IO with the value of errno, whose text is appended. */
int pmt_error_set_errno(struct pmt_error *err, int sys_errno, uint64_t offset,
                        const char *what);

/* PMT_ERR_MEMORY, "out of memory". */
int pmt_error_set_memory(struct pmt_error *err);

#ifdef __cplusplus
}
#endif
#endif
