/* progress.c: see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "text.h"

#define SECOND_NS UINT64_C(1000000000)
#define DRAW_EVERY_NS (SECOND_NS / 10)

/* The one that is on the screen, for erase(). Main thread only. */
static struct pmt_progress *shown;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* Back to the start of an empty line, before a message. */
static void erase(void)
{
    if (shown && shown->drawn) {
        fputs("\r\033[K", stderr);
        shown->drawn = false;
    }
}

static char *amount(const struct pmt_progress *progress, uint64_t value,
                    char *buffer)
{
    return progress->unit == PMT_PROGRESS_BYTES ? pmt_text_size(buffer, value)
                                                : pmt_text_count(buffer, value);
}

static void draw(struct pmt_progress *progress, uint64_t now)
{
    char title[60], done[PMT_TEXT_SIZE], total[PMT_TEXT_SIZE];
    char line[512];
    int length;
    uint64_t spent = now - progress->start_ns;

    pmt_text_escape(title, sizeof title, progress->title,
                    strlen(progress->title));
    length = snprintf(line, sizeof line, "\r%s: %s: ", pmt_errors_get_name(),
                      title);
    amount(progress, progress->done, done);
    if (progress->total == 0) {
        length += snprintf(line + length, sizeof line - (size_t)length, "%s",
                           done);
    } else {
        double share = (double)progress->done / (double)progress->total;

        length += snprintf(line + length, sizeof line - (size_t)length,
                           "%3d%%, %s of %s", (int)(100 * share), done,
                           amount(progress, progress->total, total));
        /* Before a tenth is done a forecast is a guess. */
        if (share >= 0.1 && share < 1)
            length += snprintf(line + length, sizeof line - (size_t)length,
                               ", %.0f s left",
                               (double)spent / SECOND_NS * (1 / share - 1));
    }
    length += snprintf(line + length, sizeof line - (size_t)length, "\033[K");
    fwrite(line, 1, (size_t)length, stderr);
    progress->drawn = true;
    progress->next_ns = now + DRAW_EVERY_NS;
}

/* A command in the background must not scribble over the shell's line. */
static bool may_draw(const struct pmt_progress *progress)
{
    return progress->when == PMT_PROGRESS_ALWAYS ||
           tcgetpgrp(STDERR_FILENO) == getpgrp();
}

void pmt_progress_start(struct pmt_progress *progress, const char *title,
                        uint64_t total, enum pmt_progress_unit unit, int when)
{
    *progress = (struct pmt_progress){
        .title = title,
        .total = total,
        .unit = unit,
        .when = (enum pmt_progress_when)when,
        .start_ns = now_ns(),
    };
    if (progress->when == PMT_PROGRESS_AUTO && !isatty(STDERR_FILENO))
        progress->when = PMT_PROGRESS_NEVER;
    if (progress->when == PMT_PROGRESS_NEVER)
        return;
    shown = progress;
    pmt_errors_before(erase);
    progress->next_ns = progress->start_ns + SECOND_NS;
    if (progress->when == PMT_PROGRESS_ALWAYS)
        draw(progress, progress->start_ns);
}

void pmt_progress_update(struct pmt_progress *progress, uint64_t done)
{
    uint64_t now;

    if (progress->when == PMT_PROGRESS_NEVER)
        return;
    progress->done = progress->total && done > progress->total ? progress->total
                                                               : done;
    now = now_ns();
    if (now >= progress->next_ns && may_draw(progress))
        draw(progress, now);
}

void pmt_progress_stop(struct pmt_progress *progress)
{
    if (progress->when == PMT_PROGRESS_NEVER)
        return;
    if (progress->when == PMT_PROGRESS_ALWAYS) {
        draw(progress, now_ns());
        fputc('\n', stderr);
    } else {
        erase();
    }
    shown = NULL;
    pmt_errors_before(NULL);
    progress->when = PMT_PROGRESS_NEVER;
}
