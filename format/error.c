/* error.c - filling and naming errors. */
#include "pmt/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *pmt_status_name(int code)
{
    switch (code) {
    case PMT_OK:
        return "ok";
    case PMT_END:
        return "end";
    case PMT_ERR_ARGUMENT:
        return "wrong argument";
    case PMT_ERR_MEMORY:
        return "out of memory";
    case PMT_ERR_IO:
        return "input/output error";
    case PMT_ERR_NOT_A_TRACE:
        return "not a trace";
    case PMT_ERR_TRUNCATED:
        return "truncated";
    case PMT_ERR_CORRUPT:
        return "corrupt";
    case PMT_ERR_LIMIT:
        return "over a limit";
    case PMT_ERR_VERSION:
        return "newer version";
    case PMT_ERR_UNSUPPORTED:
        return "unsupported";
    case PMT_ERR_BUSY:
        return "busy";
    default:
        return "unknown status";
    }
}

int pmt_error_set(struct pmt_error *err, int code, uint64_t offset,
                  const char *format, ...)
{
    va_list args;

    if (!err) {
        return code;
    }
    err->code = code;
    err->sys_errno = 0;
    err->offset = offset;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}

int pmt_error_set_errno(struct pmt_error *err, int sys_errno, uint64_t offset,
                        const char *what)
{
    char text[128];

    if (!err) {
        return PMT_ERR_IO;
    }
    /* The GNU strerror_r: thread-safe, may return a static string. */
    pmt_error_set(err, PMT_ERR_IO, offset, "%s: %s", what,
                  strerror_r(sys_errno, text, sizeof text));
    err->sys_errno = sys_errno;
    return PMT_ERR_IO;
}

int pmt_error_set_memory(struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET, "out of memory");
}
