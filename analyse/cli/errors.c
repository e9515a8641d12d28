/* errors.c: see errors.h. */
#include "errors.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* One process runs one command: what it is called and how much it says.
 * Main thread only. */
static struct {
    const char *name;
    bool quiet;
    int verbose;
    void (*before)(void);
} state = {.name = "pmt"};

void pmt_errors_name(const char *name)
{
    state.name = name;
}

const char *pmt_errors_get_name(void)
{
    return state.name;
}

void pmt_errors_levels(bool quiet, int verbose)
{
    state.quiet = quiet;
    state.verbose = verbose;
}

void pmt_errors_before(void (*hook)(void))
{
    state.before = hook;
}

/* Two paths of the greatest length and some words; what is longer is cut. */
#define MESSAGE_BYTES 10240

/*
 * Print one line in one write, so that lines of several processes do not mix.
 * No allocation: "out of memory" is said here too.
 */
static void say(const char *kind, int errnum, const char *format, va_list args)
{
    char message[MESSAGE_BYTES], line[2 * MESSAGE_BYTES];
    size_t length;
    int printed = vsnprintf(message, sizeof message, format, args);

    if (printed < 0)
        message[0] = '\0';
    length = (size_t)snprintf(line, sizeof line, "%.200s: %s", state.name,
                              kind);
    /* Leaves room for the text of errno and the newline. */
    pmt_text_escape(line + length, sizeof line - length - 256, message,
                    strlen(message));
    length += strlen(line + length);
    length += (size_t)snprintf(line + length, sizeof line - length,
                               "%s%.200s\n", errnum ? ": " : "",
                               errnum ? strerror(errnum) : "");
    if (state.before)
        state.before();
    fwrite(line, 1, length, stderr);
}

int pmt_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("", 0, format, args);
    va_end(args);
    return PMT_EXIT_TROUBLE;
}

int pmt_fail_errno(int errnum, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("", errnum, format, args);
    va_end(args);
    return PMT_EXIT_TROUBLE;
}

void pmt_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("", 0, format, args);
    va_end(args);
    exit(PMT_EXIT_TROUBLE);
}

void pmt_warn(const char *format, ...)
{
    va_list args;

    if (state.quiet)
        return;
    va_start(args, format);
    say("warning: ", 0, format, args);
    va_end(args);
}

void pmt_note(const char *format, ...)
{
    va_list args;

    if (state.verbose < 1)
        return;
    va_start(args, format);
    say("", 0, format, args);
    va_end(args);
}
