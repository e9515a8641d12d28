/* filter-lives.c: which blocks were alive at a moment, and how long each
 * lived: known only when a trace was gone through. See filter-private.h. */
#include <stdlib.h>
#include <string.h>

#include "filter-private.h"

static int set_bit(struct pmt_filter_bits *bits, uint64_t number)
{
    size_t word = (size_t)(number / 64);

    if (word >= bits->count) {
        size_t count = word + word / 2 + 64;
        uint64_t *words = realloc(bits->words, count * sizeof *words);

        if (!words)
            return PMT_ERR_MEMORY;
        memset(words + bits->count, 0, (count - bits->count) * sizeof *words);
        bits->words = words;
        bits->count = count;
    }
    bits->words[word] |= UINT64_C(1) << (number & 63);
    return PMT_OK;
}

static struct pmt_filter_lives *lives_of(struct pmt_filter_stream *s,
                                         enum pmt_filter_which which)
{
    if (!s->lives)
        s->lives = calloc(PMT_FILTER_SETS, sizeof *s->lives);
    return s->lives ? &s->lives[which] : NULL;
}

void pmt_filter_release_lives(struct pmt_filter_stream *s)
{
    for (int which = 0; s->lives && which < PMT_FILTER_SETS; which++) {
        for (size_t i = 0; i < PMT_EXPRESSION_LIVES; i++)
            free(s->lives[which].tests[i].words);
        free(s->lives[which].same);
    }
    free(s->lives);
    s->lives = NULL;
}

/* ---- the first pass ------------------------------------------------------ */

int pmt_filter_life_ends(struct pmt_filter *f, struct pmt_filter_stream *s,
                         enum pmt_filter_which which,
                         const struct pmt_block *block, uint64_t time)
{
    struct pmt_filter_lives *lives = lives_of(s, which);
    uint64_t age = time < block->time ? 0 : time - block->time;
    const struct pmt_node *node;
    int code = lives ? PMT_OK : PMT_ERR_MEMORY;

    age = time == UINT64_MAX || age > UINT64_MAX / s->tick_ns
              ? UINT64_MAX
              : age * s->tick_ns;
    for (size_t i = 0;
         code == PMT_OK &&
         (node = pmt_expression_test(f->x, PMT_FIELD_LIVED, i)) != NULL;
         i++)
        if (pmt_expression_number(node, age))
            code = set_bit(&lives->tests[node->life], block->size);
    return code;
}

int pmt_filter_life_moments(struct pmt_filter *f, struct pmt_filter_stream *s,
                            enum pmt_filter_which which, uint64_t time)
{
    struct pmt_filter_lives *lives = lives_of(s, which);
    const struct pmt_node *node;
    int code = lives ? PMT_OK : PMT_ERR_MEMORY;

    for (size_t i = 0;
         code == PMT_OK &&
         (node = pmt_expression_test(f->x, PMT_FIELD_ALIVE, i)) != NULL;
         i++) {
        uint64_t bit = UINT64_C(1) << node->life;
        uint64_t at = pmt_instant_in_stream(&f->alive[node->life], s->stream);
        const struct pmt_block *block;
        uint32_t place = 0;

        at = at == UINT64_MAX ? at : at / s->tick_ns;
        if (lives->passed & bit || (time != UINT64_MAX && time <= at))
            continue;
        lives->passed |= bit;
        while (code == PMT_OK &&
               (block = pmt_live_table_next(&s->sets[which].table, &place)))
            code = set_bit(&lives->tests[node->life], block->size);
    }
    return code;
}

int pmt_filter_life_same(struct pmt_filter_lives *lives, uint64_t number,
                         uint64_t before)
{
    if (lives->same_count + 2 > lives->same_room) {
        size_t room = lives->same_room * 2 + 64;
        uint64_t *same = realloc(lives->same, room * sizeof *same);

        if (!same)
            return PMT_ERR_MEMORY;
        lives->same = same;
        lives->same_room = room;
    }
    lives->same[lives->same_count++] = number;
    lives->same[lives->same_count++] = before;
    return PMT_OK;
}

/* ---- the second ---------------------------------------------------------- */

/* Numbers are asked for in rising order. */
uint64_t pmt_filter_life_first(struct pmt_filter_lives *lives, uint64_t number)
{
    while (lives->same_at < lives->same_count &&
           lives->same[lives->same_at] < number)
        lives->same_at += 2;
    return lives->same_at < lives->same_count &&
                   lives->same[lives->same_at] == number
               ? lives->same[lives->same_at + 1]
               : number;
}

uint64_t pmt_filter_lives_of(const struct pmt_filter *f,
                             const struct pmt_filter_stream *s,
                             enum pmt_filter_which which, uint64_t number)
{
    size_t index = (size_t)(s - f->streams);
    struct pmt_filter_lives *lives;
    uint64_t bits = 0;

    if (index >= f->lives->stream_count || !f->lives->streams[index].lives)
        return 0;
    lives = &f->lives->streams[index].lives[which];
    number = pmt_filter_life_first(lives, number);
    for (unsigned i = 0; i < f->x->lives; i++)
        if (number / 64 < lives->tests[i].count &&
            lives->tests[i].words[number / 64] >> (number & 63) & 1)
            bits |= UINT64_C(1) << i;
    return bits;
}
