/* sampling.c: see sampling.h. */
#include "sampling.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define HOOK "alloc:sampled:"
#define SAMPLE_BYTES_MAX (UINT64_C(1) << 40)

static bool parse(struct pmt_text hook, uint64_t *number)
{
    size_t length = strlen(HOOK);
    uint64_t value = 0;

    if (hook.bytes == NULL || hook.length <= length ||
        memcmp(hook.bytes, HOOK, length) != 0)
        return false;
    for (size_t i = length; i < hook.length; i++) {
        if (hook.bytes[i] < '0' || hook.bytes[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(hook.bytes[i] - '0');
        if (value > SAMPLE_BYTES_MAX)
            return false;
    }
    *number = value;
    return true;
}

uint64_t pmt_sampling_of(const struct pmt_stream *s)
{
    return pmt_sampling_in(pmt_stream_header(s));
}

uint64_t pmt_sampling_in(const struct pmt_stream_header *header)
{
    uint64_t number = 0;

    for (size_t i = 0; header->hooks && i < header->hook_count; i++)
        if (parse(header->hooks[i], &number))
            return number;
    return 0;
}

/* The probability with which a block was recorded. */
static double chance(uint64_t sample_bytes, uint64_t size)
{
    return -expm1(-(double)(size ? size : 1) / (double)sample_bytes);
}

struct pmt_weight pmt_sampling_weigh(uint64_t sample_bytes, uint64_t size)
{
    double p;

    if (sample_bytes == 0)
        return (struct pmt_weight){PMT_WEIGHT_ONE, size};
    p = chance(sample_bytes, size);
    if (p >= 1)
        return (struct pmt_weight){PMT_WEIGHT_ONE, size};
    return (struct pmt_weight){
        .blocks = (uint64_t)(1 / p * (double)PMT_WEIGHT_ONE + 0.5),
        /* p is 1 for any size that could overflow here. */
        .bytes = (uint64_t)((double)size / p + 0.5),
    };
}

struct pmt_weight pmt_sampling_weigh_sum(uint64_t sample_bytes,
                                         uint64_t count, uint64_t bytes)
{
    struct pmt_weight one;
    double all;

    if (count == 0)
        return (struct pmt_weight){0, 0};
    one = pmt_sampling_weigh(sample_bytes, bytes / count);
    if (count == 1)
        return one;
    all = (double)bytes;
    if (sample_bytes)
        all = all / chance(sample_bytes, bytes / count) + 0.5;
    return (struct pmt_weight){
        .blocks = one.blocks * count,
        .bytes = all < 0x1p64 ? (uint64_t)all : UINT64_MAX,
    };
}
