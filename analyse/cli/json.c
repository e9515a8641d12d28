/* json.c: see json.h. */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void pmt_json_init(struct pmt_json *json, FILE *file)
{
    memset(json, 0, sizeof *json);
    json->file = file;
}

/* The comma and the key before a value. */
static void begin_item(struct pmt_json *json, const char *key)
{
    int top = json->depth - 1;

    assert(json->depth > 0);
    assert(json->in_array[top] == !key);
    assert(!json->keyed || (key && *key == '\0'));
    if (json->keyed) { /* the comma too */
        json->keyed = false;
        return;
    }
    if (json->had_item[top])
        putc_unlocked(',', json->file);
    json->had_item[top] = true;
    if (key) {
        putc_unlocked('"', json->file);
        fputs_unlocked(key, json->file);
        putc_unlocked('"', json->file);
        putc_unlocked(':', json->file);
    }
}

static void open_bracket(struct pmt_json *json, char bracket)
{
    assert(json->depth < PMT_JSON_DEPTH);
    putc_unlocked(bracket, json->file);
    json->in_array[json->depth] = bracket == '[';
    json->had_item[json->depth] = false;
    json->depth++;
}

static void close_bracket(struct pmt_json *json, char bracket)
{
    assert(json->depth > 0);
    json->depth--;
    assert(json->in_array[json->depth] == (bracket == ']'));
    putc_unlocked(bracket, json->file);
}

void pmt_json_line_begin(struct pmt_json *json)
{
    assert(json->depth == 0);
    open_bracket(json, '{');
    if (!json->had_line)
        pmt_json_u64(json, "schema", PMT_JSON_SCHEMA);
    json->had_line = true;
}

void pmt_json_line_end(struct pmt_json *json)
{
    close_bracket(json, '}');
    assert(json->depth == 0);
    putc_unlocked('\n', json->file);
}

void pmt_json_object_begin(struct pmt_json *json, const char *key)
{
    begin_item(json, key);
    open_bracket(json, '{');
}

void pmt_json_object_end(struct pmt_json *json)
{
    assert(json->depth > 1); /* the line's own object ends with line_end */
    close_bracket(json, '}');
}

void pmt_json_array_begin(struct pmt_json *json, const char *key)
{
    begin_item(json, key);
    open_bracket(json, '[');
}

void pmt_json_array_end(struct pmt_json *json)
{
    close_bracket(json, ']');
}

/* ---- strings ---- */

/* The letter after the backslash, or 0 when there is none for this one. */
static char short_escape(uint32_t point)
{
    switch (point) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static bool is_plain(char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

static void write_point(FILE *file, uint32_t point)
{
    char letter = short_escape(point);

    if (letter) {
        putc_unlocked('\\', file);
        putc_unlocked(letter, file);
    } else if (point < 0x10000) {
        fprintf(file, "\\u%04" PRIx32, point);
    } else {
        point -= 0x10000;
        fprintf(file, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD800 + (point >> 10),
                0xDC00 + (point & 0x3FF));
    }
}

static void write_quoted(FILE *file, const char *bytes, size_t length)
{
    putc_unlocked('"', file);
    while (length > 0) {
        uint32_t point;
        size_t size = 0;

        while (size < length && is_plain(bytes[size]))
            size++;
        if (size > 0) {
            fwrite_unlocked(bytes, 1, size, file);
        } else {
            size = pmt_text_decode(bytes, length, &point);
            if (size == 0) { /* Python's surrogateescape */
                point = 0xDC00u + (unsigned char)*bytes;
                size = 1;
            }
            write_point(file, point);
        }
        bytes += size;
        length -= size;
    }
    putc_unlocked('"', file);
}

void pmt_json_bytes(struct pmt_json *json, const char *key, const char *bytes,
                    size_t length)
{
    begin_item(json, key);
    write_quoted(json->file, bytes, length);
}

void pmt_json_key(struct pmt_json *json, const char *bytes, size_t length)
{
    int top = json->depth - 1;

    assert(json->depth > 0 && !json->in_array[top] && !json->keyed);
    if (json->had_item[top])
        putc_unlocked(',', json->file);
    json->had_item[top] = true;
    write_quoted(json->file, bytes, length);
    putc_unlocked(':', json->file);
    json->keyed = true;
}

void pmt_json_string(struct pmt_json *json, const char *key, const char *text)
{
    if (text)
        pmt_json_bytes(json, key, text, strlen(text));
    else
        pmt_json_null(json, key);
}

void pmt_json_hex(struct pmt_json *json, const char *key, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    begin_item(json, key);
    digits[--at] = '"';
    do
        digits[--at] = "0123456789abcdef"[value & 15];
    while (value >>= 4);
    digits[--at] = 'x';
    digits[--at] = '0';
    putc_unlocked('"', json->file);
    fwrite_unlocked(digits + at, 1, sizeof digits - at, json->file);
}

void pmt_json_hex_bytes(struct pmt_json *json, const char *key,
                        const uint8_t *bytes, size_t length)
{
    begin_item(json, key);
    putc_unlocked('"', json->file);
    for (size_t i = 0; i < length; i++)
        fprintf(json->file, "%02x", bytes[i]);
    putc_unlocked('"', json->file);
}

/* ---- numbers ---- */

/* Not by printf: most of what `dump` prints is this. */
static void write_u64(FILE *file, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    fwrite_unlocked(digits + at, 1, sizeof digits - at, file);
}

void pmt_json_u64(struct pmt_json *json, const char *key, uint64_t value)
{
    begin_item(json, key);
    write_u64(json->file, value);
}

void pmt_json_i64(struct pmt_json *json, const char *key, int64_t value)
{
    begin_item(json, key);
    if (value < 0)
        putc_unlocked('-', json->file);
    write_u64(json->file, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* One more in the last digit before the "e". */
static void bump(char *text)
{
    for (char *at = strchr(text, 'e') - 1; at >= text; at--) {
        if (*at == '.')
            continue;
        *at = *at == '9' ? '0' : (char)(*at + 1);
        if (*at != '0')
            return;
    }
}

/*
 * The fewest digits that read back as `value` (finite, positive), in
 * `digits`; returns the exponent of the first of them.
 */
static int shortest(double value, char digits[24])
{
    char text[40];
    int length = 0;

    /* 15 digits are never more than a double can tell apart, unless it is
     * subnormal; zeros at their end are then cut, which is the shortest. */
    for (int precision = value < 2.3e-308 ? 1 : 15; precision <= 17;
         precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, value);
        if (strtod(text, NULL) == value)
            break;
        /* Doubles are further apart above a power of two than below it, so
         * the farther neighbour may be the one that reads back. */
        bump(text);
        if (strtod(text, NULL) == value)
            break;
    }
    for (const char *at = text; *at != 'e'; at++) {
        if (*at != '.')
            digits[length++] = *at;
    }
    while (length > 1 && digits[length - 1] == '0')
        length--;
    digits[length] = '\0';
    return atoi(strchr(text, 'e') + 1);
}

/* repr(float) of Python: an exponent from 1e16 up and below 1e-4. */
static void write_double(FILE *file, double value)
{
    char digits[24];
    int exponent, length;

    if (signbit(value))
        putc_unlocked('-', file);
    if (value == 0) {
        fputs("0.0", file);
        return;
    }
    exponent = shortest(fabs(value), digits);
    length = (int)strlen(digits);
    if (exponent < -4 || exponent >= 16) {
        fprintf(file, "%c%s%se%c%02d", digits[0], length > 1 ? "." : "",
                digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
    } else if (exponent < 0) {
        fprintf(file, "0.%.*s%s", -exponent - 1, "000", digits);
    } else if (length <= exponent + 1) {
        fputs(digits, file);
        for (int i = length; i < exponent + 1; i++)
            putc_unlocked('0', file);
        fputs(".0", file);
    } else {
        fprintf(file, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
    }
}

void pmt_json_double(struct pmt_json *json, const char *key, double value)
{
    if (!isfinite(value)) {
        pmt_json_null(json, key);
        return;
    }
    begin_item(json, key);
    write_double(json->file, value);
}

void pmt_json_bool(struct pmt_json *json, const char *key, bool value)
{
    begin_item(json, key);
    fputs(value ? "true" : "false", json->file);
}

void pmt_json_null(struct pmt_json *json, const char *key)
{
    begin_item(json, key);
    fputs("null", json->file);
}
