/*
 * fuzz-expression.c - any text as an expression of pmt filter: one that is read
 * is written, and what is written is read as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    (void)seed;
    return LLVMFuzzerMutate(data, size, room);
}

static void release_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

/* What was written says itself. */
static void read_again(const char *text)
{
    struct pmt_expression x;
    size_t count;
    char why[300], **texts;

    pmt_expression_init(&x);
    FUZZ_MUST(pmt_expression_add(&x, text, why, sizeof why) == 0);
    texts = pmt_expression_texts(&x, &count);
    FUZZ_MUST(count == 1 && strcmp(texts[0], text) == 0);
    release_texts(texts, count);
    pmt_expression_release(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct pmt_expression x;
    size_t count;
    char why[300] = "", **texts;

    FUZZ_MUST(text);
    memcpy(text, data, size);
    text[size] = '\0';
    pmt_expression_init(&x);
    if (pmt_expression_add(&x, text, why, sizeof why)) {
        FUZZ_MUST(*why && x.root < 0);
    } else {
        texts = pmt_expression_texts(&x, &count);
        FUZZ_MUST(count > 0);
        for (size_t i = 0; i < count; i++)
            read_again(texts[i]);
        release_texts(texts, count);
    }
    pmt_expression_release(&x);
    free(text);
    return 0;
}
