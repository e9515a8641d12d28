/* suggest.c: see suggest.h. */
#include "suggest.h"

#include <stdbool.h>
#include <string.h>

/* Longer words are not slips of each other; keeps the rows on the stack. */
#define LONGEST 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: the last three rows of the usual table. */
size_t pmt_suggest_distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    size_t a_length = strlen(a), b_length = strlen(b);

    if (a_length > LONGEST || b_length > LONGEST)
        return a_length > b_length ? a_length : b_length;
    for (size_t j = 0; j <= b_length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *free_row = before;

        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = a[i - 1] == b[j - 1];

            now[j] = least(last[j - 1] + !same, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_length];
}

void pmt_suggest_offer(const char *typed, const char *name, const char **best,
                       size_t *distance)
{
    size_t length = strlen(typed);
    size_t d = pmt_suggest_distance(typed, name);

    /* One slip in three letters; a two-letter word is too little to go by. */
    if (d > (length + 1) / 3 || d >= strlen(name))
        return;
    if (!*best || d < *distance) {
        *best = name;
        *distance = d;
    }
}
