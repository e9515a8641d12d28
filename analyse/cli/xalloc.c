/* xalloc.c: see xalloc.h. */
#include "xalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

void *pmt_xcalloc(size_t count, size_t size)
{
    /* calloc(0, …) may return NULL, which would look like a failure. */
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        pmt_die("out of memory");
    return memory;
}

void *pmt_xreallocarray(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size ? size : 1);

    if (!memory)
        pmt_die("out of memory");
    return memory;
}

char *pmt_xstrdup(const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        pmt_die("out of memory");
    return copy;
}

char *pmt_xvasprintf(const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        pmt_die("out of memory");
    return text;
}

char *pmt_xasprintf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = pmt_xvasprintf(format, args);
    va_end(args);
    return text;
}
