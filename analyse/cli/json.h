/*
 * json.h: --json: one JSON object a line, written as it goes.
 *
 * USAGE
 *     struct pmt_json json;
 *     pmt_json_init(&json, out.file);
 *     pmt_json_line_begin(&json);               // first line: "schema":1
 *     pmt_json_string(&json, "type", name);
 *     pmt_json_u64(&json, "bytes", bytes);
 *     pmt_json_array_begin(&json, "stack");
 *     pmt_json_u64(&json, NULL, 7);             // no key inside an array
 *     pmt_json_array_end(&json);
 *     pmt_json_line_end(&json);
 *
 * The text is what Python's json.dumps(x, separators=(",", ":")) gives for
 * the same values, strings being bytes.decode("utf-8", "surrogateescape").
 *
 * LIMITATIONS
 *     Keys are plain ASCII and never checked for being there twice. Nothing
 *     is indented. Depth is at most PMT_JSON_DEPTH. NaN and infinities, which
 *     JSON lacks, become null. Write errors show at pmt_output_commit().
 *     Begin without end, a key in an array, or none in an object, is a
 *     mistake of the caller: assert().
 */
#ifndef PMT_CLI_JSON_H
#define PMT_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PMT_JSON_SCHEMA 1
#define PMT_JSON_DEPTH 32

struct pmt_json {
    FILE *file;
    bool had_line;                 /* the schema has been written */
    bool keyed;                    /* pmt_json_key() has written a key */
    int depth;                     /* open objects and arrays */
    bool in_array[PMT_JSON_DEPTH]; /* what each of them is */
    bool had_item[PMT_JSON_DEPTH]; /* so the next needs a comma */
};

/* `file` is borrowed. Nothing needs release. */
void pmt_json_init(struct pmt_json *json, FILE *file);

/* "{" and, on the first line, "schema":1. */
void pmt_json_line_begin(struct pmt_json *json);
/* "}" and a newline. */
void pmt_json_line_end(struct pmt_json *json);

/* The key of the next value, when it is not a word of ours: any bytes, as in
 * pmt_json_bytes(). The call that follows has "" as its key. */
void pmt_json_key(struct pmt_json *json, const char *bytes, size_t length);

/* key: NULL exactly when the innermost open thing is an array. */
void pmt_json_object_begin(struct pmt_json *json, const char *key);
void pmt_json_object_end(struct pmt_json *json);
void pmt_json_array_begin(struct pmt_json *json, const char *key);
void pmt_json_array_end(struct pmt_json *json);

/* text: up to its NUL; NULL becomes null. */
void pmt_json_string(struct pmt_json *json, const char *key, const char *text);
/* Any bytes; a byte that is not part of valid UTF-8 becomes \udcXX. */
void pmt_json_bytes(struct pmt_json *json, const char *key, const char *bytes,
                    size_t length);
void pmt_json_u64(struct pmt_json *json, const char *key, uint64_t value);
void pmt_json_i64(struct pmt_json *json, const char *key, int64_t value);
/* The shortest text that reads back as the same double. */
void pmt_json_double(struct pmt_json *json, const char *key, double value);
void pmt_json_bool(struct pmt_json *json, const char *key, bool value);
void pmt_json_null(struct pmt_json *json, const char *key);
/* A string "0x7f001234": for addresses, which JSON readers may round. */
void pmt_json_hex(struct pmt_json *json, const char *key, uint64_t value);
/* Bytes as a string of hexadecimal digits: UUIDs, checksums. */
void pmt_json_hex_bytes(struct pmt_json *json, const char *key,
                        const uint8_t *bytes, size_t length);

#endif
