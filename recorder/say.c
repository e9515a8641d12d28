/* say.c - see say.h. */
#include "say.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptors.h"

#define TEXT_MAX 4608u

static bool prepared;
static struct stat at_start;           /* st_nlink 0: there was none */

void rec_say_prepare(void)
{
    if (!prepared && fstat(STDERR_FILENO, &at_start) != 0)
        memset(&at_start, 0, sizeof at_start);
    prepared = true;
}

static bool is_same(void)
{
    struct stat now;

    return prepared && fstat(STDERR_FILENO, &now) == 0 &&
           now.st_dev == at_start.st_dev && now.st_ino == at_start.st_ino &&
           now.st_mode == at_start.st_mode;
}

static bool can_write(void)
{
    struct pollfd at = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&at, 1, 0) == 1 && (at.revents & POLLOUT);
}

void rec_say(const char *format, ...)
{
    char text[TEXT_MAX] = "pmtrace: ";
    size_t used = strlen(text);
    struct rec_quiet quiet;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text + used, sizeof text - used - 1, format, args);
    va_end(args);
    if (n < 0 || !is_same())
        return;
    used += (size_t)n < sizeof text - used - 1 ? (size_t)n
                                               : sizeof text - used - 2;
    text[used++] = '\n';
    rec_quiet_begin(&quiet);
    if (can_write() && write(STDERR_FILENO, text, used) < 0)
        n = -1; /* nothing more can be done about it */
    rec_quiet_end(&quiet);
}
