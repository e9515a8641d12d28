/* diff-name.c: what rows of a diff are called; see diff.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "names.h"

struct text_buffer {
    char *bytes;
    size_t size, used;
};

static void put(struct text_buffer *to, const char *bytes, size_t length)
{
    if (to->used + 1 < to->size) {
        size_t room = to->size - to->used - 1;

        if (room > length)
            room = length;
        memcpy(to->bytes + to->used, bytes, room);
        to->bytes[to->used + room] = '\0';
    }
    to->used += length;
}

static void put_text(struct text_buffer *to, const struct pmt_diff *diff,
                     uint32_t text)
{
    struct pmt_text bytes = pmt_diff_text(diff, text);

    if (bytes.bytes)
        put(to, bytes.bytes, bytes.length);
    else
        put(to, "?", 1);
}

static void put_number(struct text_buffer *to, const char *before,
                       uint32_t number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%s%" PRIu32, before, number);

    put(to, text, (size_t)length);
}

static void put_site(struct text_buffer *to, const struct pmt_diff *diff,
                     const struct pmt_diff_site *site, uint32_t line_before)
{
    if (site->file == PMT_INTERN_NONE && site->function == PMT_INTERN_NONE) {
        put(to, "(unknown stack)", 15);
        return;
    }
    if (diff->by == PMT_BY_FUNCTION) {
        put_text(to, diff, site->function);
        put(to, " (", 2);
        put_text(to, diff, site->file);
        put(to, ")", 1);
        return;
    }
    put_text(to, diff, site->file);
    if (diff->by == PMT_BY_FILE)
        return;
    put_number(to, ":", line_before ? line_before : site->line);
    if (line_before)
        put_number(to, " -> ", site->line);
    if (site->function != PMT_INTERN_NONE) {
        put(to, " ", 1);
        put_text(to, diff, site->function);
    }
}

size_t pmt_diff_frame_name(char *buffer, size_t size,
                           const struct pmt_diff *diff,
                           const struct pmt_diff_row *row, uint32_t frame)
{
    struct text_buffer to = {buffer, size, 0};

    put_site(&to, diff, pmt_diff_frame(diff, row, frame),
             frame == 0 ? row->line_before : 0);
    return to.used;
}

size_t pmt_diff_name(char *buffer, size_t size, const struct pmt_diff *diff,
                     const struct pmt_diff_row *row)
{
    struct text_buffer to = {buffer, size, 0};

    if (row == &diff->all)
        put(&to, "(all)", 5);
    else if (row->frame_count > 0)
        return pmt_diff_frame_name(buffer, size, diff, row, 0);
    else
        put_text(&to, diff, row->name);
    return to.used;
}
