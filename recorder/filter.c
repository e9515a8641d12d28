/*
 * filter.c - lists of globs (filter.h).
 */
#include "filter.h"

#include <stdint.h>
#include <string.h>

/* A piece of text that is being read. */
struct piece {
    const unsigned char *p, *end;
};

/* The next character of UTF-8, or byte where it is none. */
static uint32_t next_char(struct piece *s)
{
    uint32_t c = *s->p++;
    unsigned more = c < 0xc2 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3
                                                                         : 0;
    const unsigned char *p = s->p;

    if (more == 0 || (size_t)(s->end - p) < more)
        return c;
    c &= 0x3fu >> more;
    for (unsigned i = 0; i < more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return s->p[-1];
        c = c << 6 | (p[i] & 0x3f);
    }
    s->p = p + more;
    return c;
}

/* The next character of a glob whose meaning, if any, is taken away. */
static uint32_t next_plain(struct piece *glob)
{
    if (*glob->p == '\\' && glob->p + 1 < glob->end)
        glob->p++;
    return next_char(glob);
}

/*
 * Compares c with the brackets at glob, after the `[`: 1 in it, 0 not, -1
 * when the bracket is never closed. The glob is moved behind it.
 */
static int in_brackets(struct piece *glob, uint32_t c)
{
    bool negate = glob->p < glob->end &&
                  (*glob->p == '!' || *glob->p == '^');
    bool found = false, first = true;

    glob->p += negate;
    for (; glob->p < glob->end; first = false) {
        uint32_t low, high;

        if (*glob->p == ']' && !first) {
            glob->p++;
            return found != negate;
        }
        low = high = next_plain(glob);
        if (glob->end - glob->p >= 2 && glob->p[0] == '-' &&
            glob->p[1] != ']') {
            glob->p++;
            high = next_plain(glob);
        }
        found |= low <= c && c <= high;
    }
    return -1;
}

/* One step of the glob, which is not at its end nor at a `*`, and one
 * character of the text. */
static bool step(struct piece *glob, struct piece *text)
{
    uint32_t c = next_char(text);
    struct piece inside;
    int in;

    if (*glob->p == '?') {
        glob->p++;
        return true;
    }
    if (*glob->p == '[') {
        inside = *glob;
        inside.p++;
        in = in_brackets(&inside, c);
        if (in >= 0) {
            *glob = inside;
            return in != 0;
        }
    }
    return next_plain(glob) == c;
}

static bool glob_matches(struct piece glob, struct piece text)
{
    struct piece star_glob = {NULL, NULL}, star_text = {NULL, NULL};

    for (;;) {
        if (glob.p < glob.end && *glob.p == '*') {
            glob.p++;
            star_glob = glob;
            star_text = text;
            continue;
        }
        if (text.p == text.end && glob.p == glob.end)
            return true;
        if (text.p < text.end && glob.p < glob.end && step(&glob, &text))
            continue;
        /* The last star takes one character more. */
        if (star_glob.p == NULL || star_text.p == star_text.end)
            return false;
        next_char(&star_text);
        glob = star_glob;
        text = star_text;
    }
}

bool rec_globs_match(const char *globs, const char *text, size_t n)
{
    const struct piece whole = {(const unsigned char *)text,
                                (const unsigned char *)text + n};
    bool wanted = false, positive = false, any = false;

    while (*globs != '\0') {
        size_t length = strcspn(globs, ",");
        const char *end = globs + length;
        struct piece glob;
        bool negative;

        while (globs < end && *globs == ' ')
            globs++;
        negative = *globs == '!';
        glob.p = (const unsigned char *)globs + negative;
        glob.end = (const unsigned char *)end;
        if (glob.p < glob.end) {
            any = true;
            if (negative && glob_matches(glob, whole))
                return false;
            positive |= !negative;
            if (!negative && !wanted)
                wanted = glob_matches(glob, whole);
        }
        globs = end + (*end == ',');
    }
    return !any || !positive || wanted;
}
