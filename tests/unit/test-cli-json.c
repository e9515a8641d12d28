/*
 * test-cli-json.c: JSON lines, compared with what Python's json.dumps() gives.
 *
 * The expected texts were printed by CPython 3.11, for bytes b and double d:
 *     json.dumps(b.decode("utf-8", "surrogateescape"), separators=(",", ":"))
 *     json.dumps(d)
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/json.h"

/* A writer into memory. */
struct memory {
    struct pmt_json json;
    FILE *file;
    char *text;
    size_t size;
};

static int setup(void **state)
{
    struct memory *memory = calloc(1, sizeof *memory);

    memory->file = open_memstream(&memory->text, &memory->size);
    pmt_json_init(&memory->json, memory->file);
    *state = memory;
    return 0;
}

static int teardown(void **state)
{
    struct memory *memory = *state;

    fclose(memory->file);
    free(memory->text);
    free(memory);
    return 0;
}

/* What has been written since the last call. */
static const char *take(struct memory *memory)
{
    static char taken[4096];

    fflush(memory->file);
    assert_true(memory->size < sizeof taken);
    memcpy(taken, memory->text, memory->size);
    taken[memory->size] = '\0';
    rewind(memory->file);
    return taken;
}

/* Write the line that the schema is in. */
static void skip_first(struct memory *memory)
{
    pmt_json_line_begin(&memory->json);
    pmt_json_line_end(&memory->json);
    assert_string_equal(take(memory), "{\"schema\":1}\n");
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t length;
    const char *json;
} strings[] = {
    {BYTES(""), "\"\""},
    {BYTES("plain ascii ~"), "\"plain ascii ~\""},
    {BYTES("\"\\/\x08\x0c\x0a\x0d\x09"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
    {BYTES("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
           "\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d"
           "\x1e\x1f"),
     "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007"
     "\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f\\u0010\\u0011\\u0012"
     "\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a"
     "\\u001b\\u001c\\u001d\\u001e\\u001f\""},
    {BYTES("\x7f"), "\"\\u007f\""},
    {BYTES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xe2\x80\xa8"),
     "\"\\u00e9\\u20ac\\ud83d\\ude00\\udbff\\udfff\\u2028\""},
    {BYTES("\x80"), "\"\\udc80\""},
    {BYTES("a\xff"
           "b"),
     "\"a\\udcffb\""},
    {BYTES("\xc0\x80"), "\"\\udcc0\\udc80\""},
    {BYTES("\xe2\x82"), "\"\\udce2\\udc82\""},
    {BYTES("\xe2\x82"
           "A"),
     "\"\\udce2\\udc82A\""},
    {BYTES("\xed\xa0\x80"), "\"\\udced\\udca0\\udc80\""},
    {BYTES("\xed\xb2\x80"), "\"\\udced\\udcb2\\udc80\""},
    {BYTES("\xf4\x90\x80\x80"), "\"\\udcf4\\udc90\\udc80\\udc80\""},
    {BYTES("\xf0\x8f\xbf\xbf"), "\"\\udcf0\\udc8f\\udcbf\\udcbf\""},
    {BYTES("\xf0\x9f\x98"), "\"\\udcf0\\udc9f\\udc98\""},
    {BYTES("\xc2\x9b"
           "31m"),
     "\"\\u009b31m\""},
    {BYTES("caf\xe9.py"), "\"caf\\udce9.py\""},
    {BYTES("a\x00"
           "b"),
     "\"a\\u0000b\""},
    {BYTES("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"),
     "\"\\ud7ff\\ue000\\uffff\\ud800\\udc00\""},
};

static void test_strings(void **state)
{
    struct memory *memory = *state;

    skip_first(memory);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        char expected[512];

        pmt_json_line_begin(&memory->json);
        pmt_json_bytes(&memory->json, "s", strings[i].bytes, strings[i].length);
        pmt_json_line_end(&memory->json);
        snprintf(expected, sizeof expected, "{\"s\":%s}\n", strings[i].json);
        assert_string_equal(take(memory), expected);
    }
}

static const struct {
    double value;
    const char *json;
} doubles[] = {
    {0x0.0p+0, "0.0"},
    {-0x0.0p+0, "-0.0"},
    {0x1.0000000000000p+0, "1.0"},
    {-0x1.8000000000000p+0, "-1.5"},
    {0x1.999999999999ap-4, "0.1"},
    {0x1.5555555555555p-2, "0.3333333333333333"},
    {0x1.5555555555555p-1, "0.6666666666666666"},
    {0x1.9000000000000p+6, "100.0"},
    {0x1.e240c9fbe76c9p+16, "123456.789"},
    {0x1.c6bf526340000p+49, "1000000000000000.0"},
    {0x1.0000000000000p+53, "9007199254740992.0"},
    {0x1.1c37937e07fffp+53, "9999999999999998.0"},
    {0x1.1c37937e08000p+53, "1e+16"},
    {0x1.aa535d3d0c000p+53, "1.5e+16"},
    {0x1.6345785d8a000p+56, "1e+17"},
    {0x1.0f0cf064dd592p+73, "1e+22"},
    {0x1.249ad2594c37dp+332, "1e+100"},
    {0x1.fffffffffffffp+1023, "1.7976931348623157e+308"},
    {0x1.0000000000000p-1022, "2.2250738585072014e-308"},
    {0x0.0000000000001p-1022, "5e-324"},
    {0x0.fffffffffffffp-1022, "2.225073858507201e-308"},
    {0x1.a36e2eb1c432dp-14, "0.0001"},
    {0x1.02e4b6ce5dc68p-13, "0.00012345"},
    {0x1.4f8b588e368f1p-17, "1e-05"},
    {0x1.a36371ea531a8p-14, "9.999e-05"},
    {-0x1.0c6f7a0b5ed8dp-23, "-1.25e-07"},
    {0x1.921fb54442d18p+1, "3.141592653589793"},
    {0x1.3333333333334p-2, "0.30000000000000004"},
    {0x1.8b0fcd32d6ca8p+3, "12.345678901"},
    {0x1.0000000000000p-1017, "7.120236347223045e-307"},
    {0x1.0000000000000p-44, "5.684341886080802e-14"},
    {0x1.0000000000000p+63, "9.223372036854776e+18"},
};

static void test_doubles(void **state)
{
    struct memory *memory = *state;

    skip_first(memory);
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        char expected[64];

        pmt_json_line_begin(&memory->json);
        pmt_json_double(&memory->json, "d", doubles[i].value);
        pmt_json_line_end(&memory->json);
        snprintf(expected, sizeof expected, "{\"d\":%s}\n", doubles[i].json);
        assert_string_equal(take(memory), expected);
    }
}

static void test_no_numbers(void **state)
{
    struct memory *memory = *state;

    skip_first(memory);
    pmt_json_line_begin(&memory->json);
    pmt_json_double(&memory->json, "a", (double)NAN);
    pmt_json_double(&memory->json, "b", (double)INFINITY);
    pmt_json_double(&memory->json, "c", -(double)INFINITY);
    pmt_json_line_end(&memory->json);
    assert_string_equal(take(memory), "{\"a\":null,\"b\":null,\"c\":null}\n");
}

static void test_integers(void **state)
{
    struct memory *memory = *state;

    skip_first(memory);
    pmt_json_line_begin(&memory->json);
    pmt_json_array_begin(&memory->json, "n");
    pmt_json_u64(&memory->json, NULL, 0);
    pmt_json_u64(&memory->json, NULL, 1234567890);
    pmt_json_u64(&memory->json, NULL, UINT64_MAX);
    pmt_json_i64(&memory->json, NULL, INT64_MIN);
    pmt_json_i64(&memory->json, NULL, INT64_MAX);
    pmt_json_i64(&memory->json, NULL, -1);
    pmt_json_array_end(&memory->json);
    pmt_json_line_end(&memory->json);
    assert_string_equal(take(memory),
                        "{\"n\":[0,1234567890,18446744073709551615,"
                        "-9223372036854775808,9223372036854775807,-1]}\n");
}

static void test_structure(void **state)
{
    struct memory *memory = *state;
    struct pmt_json *json = &memory->json;
    const uint8_t uuid[] = {0x00, 0x0f, 0xf0, 0xff};

    pmt_json_line_begin(json);
    pmt_json_string(json, "kind", "mark");
    pmt_json_object_begin(json, "o");
    pmt_json_object_end(json);
    pmt_json_object_begin(json, "p");
    pmt_json_bool(json, "yes", true);
    pmt_json_array_begin(json, "list");
    pmt_json_object_begin(json, NULL);
    pmt_json_null(json, "x");
    pmt_json_object_end(json);
    pmt_json_array_begin(json, NULL);
    pmt_json_array_end(json);
    pmt_json_bool(json, NULL, false);
    pmt_json_array_end(json);
    pmt_json_object_end(json);
    pmt_json_string(json, "none", NULL);
    pmt_json_hex(json, "addr", 0x7fff00001234);
    pmt_json_hex_bytes(json, "uuid", uuid, sizeof uuid);
    pmt_json_line_end(json);
    pmt_json_line_begin(json);
    pmt_json_line_end(json);
    assert_string_equal(
        take(memory),
        "{\"schema\":1,\"kind\":\"mark\",\"o\":{},"
        "\"p\":{\"yes\":true,\"list\":[{\"x\":null},[],false]},"
        "\"none\":null,\"addr\":\"0x7fff00001234\",\"uuid\":\"000ff0ff\"}\n"
        "{}\n");
}

static void test_keys_of_any_bytes(void **state)
{
    struct memory *memory = *state;
    struct pmt_json *json = &memory->json;

    skip_first(memory);
    pmt_json_line_begin(json);
    pmt_json_key(json, BYTES("a\"\0\xff"));
    pmt_json_u64(json, "", 1);
    pmt_json_key(json, BYTES(""));
    pmt_json_string(json, "", NULL);
    pmt_json_bool(json, "plain", true);
    pmt_json_key(json, BYTES("in"));
    pmt_json_array_begin(json, "");
    pmt_json_i64(json, NULL, -1);
    pmt_json_array_end(json);
    pmt_json_line_end(json);
    assert_string_equal(take(memory),
                        "{\"a\\\"\\u0000\\udcff\":1,\"\":null,\"plain\":true,"
                        "\"in\":[-1]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doubles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_integers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_structure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_of_any_bytes, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
