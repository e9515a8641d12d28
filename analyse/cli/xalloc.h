/*
 * xalloc.h: allocation for the front end, where running out is the end.
 *
 * Never return NULL: they print "out of memory" and exit with status 2. Only
 * for things whose size the command line or a screen bounds; what a trace
 * bounds is allocated by code that can say no.
 */
#ifndef PMT_CLI_XALLOC_H
#define PMT_CLI_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed memory for `count` items of `size` bytes; free() it. */
void *pmt_xcalloc(size_t count, size_t size);

/* `old` (NULL for none) grown or shrunk to `count` items of `size` bytes. */
void *pmt_xreallocarray(void *old, size_t count, size_t size);

/* A copy of `text` (not NULL); free() it. */
char *pmt_xstrdup(const char *text);

/* printf into new memory; free() it. */
char *pmt_xasprintf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
char *pmt_xvasprintf(const char *format, va_list args)
    __attribute__((format(printf, 1, 0)));

#endif
