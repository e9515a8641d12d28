/*
 * dump-text-fields.c: the fields of text lines.
 *
 * Names of sites are looked up and escaped once and then kept, some of them:
 * most records come from few sites.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "dump-text.h"
#include "names.h"
#include "pmt/record.h"

/* ---- fields ------------------------------------------------------------ */

void pmt_put(struct pmt_dump *d, const char *text)
{
    fputs_unlocked(text, d->file);
}

void pmt_put_tab(struct pmt_dump *d)
{
    putc_unlocked('\t', d->file);
}

void pmt_put_u64(struct pmt_dump *d, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    fwrite_unlocked(digits + at, 1, sizeof digits - at, d->file);
}

void pmt_put_i64(struct pmt_dump *d, int64_t value)
{
    if (value < 0)
        putc_unlocked('-', d->file);
    pmt_put_u64(d, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void pmt_put_hex(struct pmt_dump *d, uint64_t value)
{
    char digits[18];
    size_t at = sizeof digits;

    do
        digits[--at] = "0123456789abcdef"[value & 15];
    while (value >>= 4);
    digits[--at] = 'x';
    digits[--at] = '0';
    fwrite_unlocked(digits + at, 1, sizeof digits - at, d->file);
}

/* "12.345678901" */
void pmt_put_seconds(struct pmt_dump *d, uint64_t ns)
{
    char fraction[10];
    uint64_t rest = ns % 1000000000;

    pmt_put_u64(d, ns / 1000000000);
    fraction[0] = '.';
    for (int i = 9; i > 0; i--, rest /= 10)
        fraction[i] = (char)('0' + rest % 10);
    fwrite_unlocked(fraction, 1, sizeof fraction, d->file);
}

void pmt_put_text(struct pmt_dump *d, struct pmt_text text)
{
    if (text.bytes != NULL)
        pmt_text_write(d->file, text.bytes, text.length);
    else
        pmt_put(d, "?");
}

/* A name that is not known is shown as its number. */
void pmt_put_name(struct pmt_dump *d, const char *name, uint64_t number)
{
    if (name != NULL)
        pmt_put(d, name);
    else
        pmt_put_u64(d, number);
}

/* "\tKEY=" */
void pmt_put_key(struct pmt_dump *d, const char *key)
{
    pmt_put_tab(d);
    pmt_put(d, key);
    putc_unlocked('=', d->file);
}

/* ---- names ------------------------------------------------------------- */

typedef size_t name_function(char *, size_t, const struct pmt_stream *,
                             uint32_t);

/* Prints the name of `id` escaped; a longer one is cut. */
static void put_named(struct pmt_dump *d, const struct pmt_stream *s,
                      uint64_t id, name_function *function)
{
    char name[PMT_NAME_SIZE];
    size_t length = function(name, sizeof name, s,
                             id > UINT32_MAX ? UINT32_MAX : (uint32_t)id);

    pmt_text_write(d->file, name,
                   length < sizeof name ? length : sizeof name - 1);
    if (length >= sizeof name)
        pmt_put(d, "...");
}

/* Puts the escaped name of a stated site into `slot`, if it has room. */
static bool keep_site(struct pmt_dump_site *slot, const struct pmt_stream *s,
                      uint32_t stack)
{
    char name[PMT_NAME_SIZE];
    size_t length = pmt_name_site(name, sizeof name, s, stack);

    slot->stream = 0;
    if (length >= sizeof name)
        return false;
    length = pmt_text_escape(slot->text, sizeof slot->text, name, length);
    if (length >= sizeof slot->text)
        return false;
    slot->stream = pmt_stream_index(s) + 1;
    slot->stack = stack;
    slot->length = (uint32_t)length;
    return true;
}

static void put_site(struct pmt_dump *d, const struct pmt_stream *s,
                     uint32_t stack)
{
    uint32_t stream = pmt_stream_index(s) + 1;
    struct pmt_dump_site *slot =
        &d->sites[(stack * 2654435761u + stream) >> 7 &
                  (PMT_DUMP_SITES - 1)];
    struct pmt_site known;

    if ((slot->stream == stream && slot->stack == stack) ||
        (pmt_stream_site(s, stack, &known) && keep_site(slot, s, stack)))
        fwrite_unlocked(slot->text, 1, slot->length, d->file);
    else
        put_named(d, s, stack, pmt_name_site);
}

/* The site, and with --stacks its callers. A parent's id is smaller, so the
 * walk ends. */
void pmt_put_stack(struct pmt_dump *d, const struct pmt_stream *s,
                      uint64_t id)
{
    uint32_t stack = id > UINT32_MAX ? UINT32_MAX : (uint32_t)id;
    struct pmt_site site;

    pmt_put_tab(d);
    put_site(d, s, stack);
    if (!d->filter.stacks)
        return;
    while (pmt_stream_site(s, stack, &site) && site.parent != 0 &&
           site.parent < stack) {
        pmt_put(d, " < ");
        put_site(d, s, site.parent);
        stack = site.parent;
    }
}

void pmt_put_thread(struct pmt_dump *d, const struct pmt_stream *s,
                       uint64_t id)
{
    pmt_put_tab(d);
    put_named(d, s, id, pmt_name_thread);
}

void pmt_put_type(struct pmt_dump *d, const struct pmt_stream *s,
                     uint64_t id)
{
    pmt_put_tab(d);
    put_named(d, s, id, pmt_name_type);
}

void pmt_put_begin(struct pmt_dump *d, const struct pmt_event *event,
                  const char *kind)
{
    char key[PMT_KEY_SIZE];

    pmt_name_key(key, event->envelope.stream_key);
    fwrite_unlocked(key, 1, 8, d->file);
    pmt_put_tab(d);
    if (kind != NULL) {
        putc_unlocked('-', d->file);
        pmt_put_tab(d);
        pmt_put(d, kind);
    }
}
