/* text.c: numbers and names as a person reads them; see text.h. */
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

/* ---- numbers ---- */

char *pmt_text_size(char *buffer, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    uint64_t whole = bytes, tenths = 0;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(buffer, PMT_TEXT_SIZE, "%" PRIu64 " B", bytes);
        return buffer;
    }
    for (;; unit++) {
        unsigned shift = 10 * ((unsigned)unit + 1);
        uint64_t rest = bytes & ((UINT64_C(1) << shift) - 1);

        /* rest * 10 cannot overflow: at 2^60 rest is cut to 50 bits. */
        whole = bytes >> shift;
        if (shift > 50)
            rest >>= 10, shift -= 10;
        tenths = (rest * 10 + (UINT64_C(1) << (shift - 1))) >> shift;
        if (tenths == 10) {
            whole++;
            tenths = 0;
        }
        if (whole < 1024 || unit == 5)
            break;
    }
    snprintf(buffer, PMT_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", whole, tenths,
             units[unit]);
    return buffer;
}

/* The absolute value; INT64_MIN too. */
static uint64_t magnitude(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Put "+" or "-" in front of what is in `buffer`. */
static char *add_sign(char *buffer, int64_t value)
{
    if (value != 0) {
        memmove(buffer + 1, buffer, strlen(buffer) + 1);
        buffer[0] = value < 0 ? '-' : '+';
    }
    return buffer;
}

char *pmt_text_size_delta(char *buffer, int64_t bytes)
{
    return add_sign(pmt_text_size(buffer, magnitude(bytes)), bytes);
}

char *pmt_text_count(char *buffer, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *at = buffer;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return buffer;
}

char *pmt_text_count_delta(char *buffer, int64_t count)
{
    return add_sign(pmt_text_count(buffer, magnitude(count)), count);
}

const char *pmt_text_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

char *pmt_text_seconds(char *buffer, uint64_t ns)
{
    snprintf(buffer, PMT_TEXT_SIZE, "%" PRIu64 ".%06" PRIu64 " s",
             ns / 1000000000, ns % 1000000000 / 1000);
    return buffer;
}

/* ---- UTF-8 ---- */

size_t pmt_text_decode(const char *bytes, size_t length, uint32_t *point)
{
    const unsigned char *b = (const unsigned char *)bytes;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value;
    size_t need;

    if (b[0] < 0x80) {
        *point = b[0];
        return 1;
    }
    if (b[0] >= 0xC2 && b[0] <= 0xDF)
        need = 2, value = b[0] & 0x1Fu;
    else if (b[0] >= 0xE0 && b[0] <= 0xEF)
        need = 3, value = b[0] & 0x0Fu;
    else if (b[0] >= 0xF0 && b[0] <= 0xF4)
        need = 4, value = b[0] & 0x07u;
    else
        return 0;
    if (length < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (b[i] & 0x3Fu);
    }
    if (value < least[need] || value > 0x10FFFF ||
        (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *point = value;
    return need;
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    }
    return false;
}

#define IN(ranges, point)                                                      \
    in_ranges(ranges, sizeof(ranges) / sizeof(ranges)[0], point)

/* Marks, embeddings, overrides and isolates of the bidirectional algorithm,
 * line and paragraph separators, the byte order mark, tag characters:
 * invisible, or they move what stands around them. */
static const struct range unsafe[] = {
    {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E},   {0x2066, 0x2069},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

/* What is no character, and no document may have. */
static bool is_noncharacter(uint32_t point)
{
    return (point & 0xFFFE) == 0xFFFE || (point >= 0xFDD0 && point <= 0xFDEF);
}

/* Combining marks and joiners. */
static const struct range zero_wide[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

/* East Asian wide and full-width forms, and emoji (UAX #11, W and F). */
static const struct range two_wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
    {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
};

static size_t point_width(uint32_t point)
{
    if (IN(zero_wide, point))
        return 0;
    return IN(two_wide, point) ? 2 : 1;
}

size_t pmt_text_width(const char *text)
{
    size_t left = strlen(text), width = 0;

    while (left > 0) {
        uint32_t point = '?';
        size_t size = pmt_text_decode(text, left, &point);

        width += point_width(point);
        size = size ? size : 1;
        text += size;
        left -= size;
    }
    return width;
}

/* ---- hostile text ---- */

/* One character or escape for what stands at `bytes`, in `piece` with its
 * NUL; returns the bytes taken. */
static size_t escape_one(const char *bytes, size_t length, char piece[16])
{
    uint32_t point;
    size_t size = pmt_text_decode(bytes, length, &point);

    if (size == 0 || point < 0x20 || point == 0x7F) {
        snprintf(piece, 16, "\\x%02x", (unsigned char)bytes[0]);
        return 1;
    }
    if (point >= 0x80 && point < 0xA0)
        snprintf(piece, 16, "\\x%02x\\x%02x", (unsigned char)bytes[0],
                 (unsigned char)bytes[1]);
    else if (IN(unsafe, point) || is_noncharacter(point))
        snprintf(piece, 16, point > 0xFFFF ? "\\U%08x" : "\\u%04x", point);
    else {
        memcpy(piece, bytes, size);
        piece[size] = '\0';
    }
    return size;
}

size_t pmt_text_escape(char *buffer, size_t size, const char *bytes,
                       size_t length)
{
    size_t total = 0, kept = 0;
    char piece[16];

    while (length > 0) {
        size_t taken = escape_one(bytes, length, piece);
        size_t wide = strlen(piece);

        /* Once one did not fit, shorter ones that follow must not either. */
        if (total == kept && kept + wide < size) {
            memcpy(buffer + kept, piece, wide);
            kept += wide;
        }
        total += wide;
        bytes += taken;
        length -= taken;
    }
    if (size > 0)
        buffer[kept] = '\0';
    return total;
}

char *pmt_text_escaped(const char *text)
{
    size_t length = strlen(text);
    size_t size = pmt_text_escape(NULL, 0, text, length) + 1;
    char *copy = pmt_xcalloc(size, 1);

    pmt_text_escape(copy, size, text, length);
    return copy;
}

void pmt_text_write(FILE *file, const char *bytes, size_t length)
{
    char piece[16];

    while (length > 0) {
        size_t taken = 0;

        while (taken < length && bytes[taken] >= 0x20 && bytes[taken] < 0x7F)
            taken++;
        if (taken > 0) {
            fwrite(bytes, 1, taken, file);
        } else {
            taken = escape_one(bytes, length, piece);
            fputs(piece, file);
        }
        bytes += taken;
        length -= taken;
    }
}

/* ---- long text ---- */

/* A copy in which what stands on one character is at most MARKS marks: more
 * would cover the lines around it. "…" for the others. */
#define MARKS 4
static char *without_heaps(const char *text, const char *gap)
{
    size_t left = strlen(text), run = 0, length = 0;
    char *copy = pmt_xcalloc(2 * left + 1, 1); /* a gap is 3 bytes for 2 */

    while (left > 0) {
        uint32_t point = '?';
        size_t size = pmt_text_decode(text, left, &point);

        size = size ? size : 1;
        run = point_width(point) ? 0 : run + 1;
        if (run <= MARKS) {
            memcpy(copy + length, text, size);
            length += size;
        } else if (run == MARKS + 1) {
            memcpy(copy + length, gap, strlen(gap));
            length += strlen(gap);
        }
        text += size;
        left -= size;
    }
    return copy;
}

/* Bytes of the longest beginning of `text` that is at most `width` wide. */
static size_t head_bytes(const char *text, size_t width)
{
    size_t length = strlen(text), at = 0;

    while (at < length) {
        uint32_t point = '?';
        size_t size = pmt_text_decode(text + at, length - at, &point);
        size_t wide = point_width(point);

        if (wide > width)
            break;
        width -= wide;
        at += size ? size : 1;
    }
    return at;
}

bool pmt_text_ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

char *pmt_text_shortened(const char *given, size_t width)
{
    static const char gap[] = "\xE2\x80\xA6"; /* one column wide */
    char *text = without_heaps(given, gap), *copy;
    size_t whole = pmt_text_width(text), tail, head, skip;

    if (whole <= width)
        return text;
    tail = (width - 1) * 2 / 3;
    head = head_bytes(text, width - 1 - tail);
    /* What is before the tail, one more column if it falls within a wide
     * character. */
    skip = head_bytes(text, whole - tail);
    if (pmt_text_width(text + skip) > tail)
        skip += head_bytes(text + skip, 2);
    copy = pmt_xcalloc(head + sizeof gap + strlen(text + skip), 1);
    memcpy(copy, text, head);
    strcat(copy, gap);
    strcat(copy, text + skip);
    free(text);
    return copy;
}
