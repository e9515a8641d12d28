/* test-blake2b.c: against values of RFC 7693's reference implementation, as
 * other programs have it: hashlib.blake2b(..., digest_size=32), of n bytes
 * 0, 1, ... 255, 0, ... */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "blake2b.h"

static const struct {
    size_t n;
    const char *hex;
} known[] = {
    {0, "0e5751c026e543b2e8ab2eb06099daa1"
     "d1e5df47778f7787faab45cdf12fe3a8"},
    {1, "03170a2e7597b7b7e3d84c05391d139a"
     "62b157e78786d8c082f29dcf4c111314"},
    {3, "3d8c3d594928271f44aad7a04b177154"
     "806867bcf918e1549c0bc16f9da2b09b"},
    {64, "10d8e6d534b00939843fe9dcc4dae48c"
     "df008f6b8b2b82b156f5404d874887f5"},
    {127, "f2fe67ff342e21b8f45e8f2e0bcd1d92"
     "43245d50ee6c78042e9c491388791c72"},
    {128, "c3582f71ebb2be66fa5dd750f80baae9"
     "7554f3b015663c8be377cfcb2488c1d1"},
    {129, "f7f3c46ba2564ff4c4c162da1f5b605f"
     "9f1c4aa6a20652a9f9a337c1a2f5b9c9"},
    {255, "1d0850ee9bca0abc9601e9deabe1418f"
     "edec2fb6ac4150bd5302d2430f9be943"},
    {256, "39a7eb9fedc19aabc83425c6755dd90e"
     "6f9d0c804964a1f4aaeea3b9fb599835"},
    {257, "45f7f084c30bac7cbae2e1963bc6e6b0"
     "d8cb227a12927e97fb941d288fb1f9a3"},
    {1000, "c636324d47d89f2b2434dc2c99410066"
     "3fbbaea880ff020fc5de89dd0f77a1ec"},
    {4096, "81baab4ea5d75a0aa53b8780ae5dbd7c"
     "8dac7f07e7c103644399492bb9ea6f87"},
};

static void check_pieces(size_t n, size_t piece, const char *expected)
{
    static uint8_t bytes[4096];
    struct pmt_blake2b s;
    uint8_t out[PMT_BLAKE2B_BYTES];
    char hex[2 * PMT_BLAKE2B_BYTES + 1];

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)i;
    pmt_blake2b_init(&s);
    for (size_t at = 0; at < n; at += piece) {
        pmt_blake2b_update(&s, bytes + at, n - at < piece ? n - at : piece);
        pmt_blake2b_result(&s, out); /* changes nothing */
    }
    pmt_blake2b_result(&s, out);
    for (size_t i = 0; i < sizeof out; i++)
        snprintf(hex + 2 * i, 3, "%02x", out[i]);
    assert_string_equal(hex, expected);
}

static void test_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (size_t piece = 1; piece <= 300; piece += 7)
            check_pieces(known[i].n, piece, known[i].hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
