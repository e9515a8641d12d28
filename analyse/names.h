/*
 * names.h: what the numbers and ids of a trace are called.
 *
 * Nothing here prints, escapes or allocates. The pmt_name_ functions copy the
 * trace's own bytes, whatever they are, into the caller's buffer, with a NUL
 * behind, cut where it is full, and return the bytes that the whole name has
 * (as snprintf does); escape them for a terminal (cli/text.h; listing cells do
 * it) or write them by pmt_json_bytes().
 *
 * Threads: any.
 */
#ifndef PMT_NAMES_H
#define PMT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/reader.h"

/* Room for nearly every name there is. */
#define PMT_NAME_SIZE 1024

/* Names of the kinds in the order of their numbers, from PMT_KIND_STREAM = 1
 * at index 0; ends with NULL. For PMT_OPT_CHOICE and PMT_OPT_SET. */
extern const char *const pmt_kind_names[];

/* The words of the spec. NULL for a number that has no name. */
const char *pmt_kind_name(uint32_t kind);                  /* 5 */
const char *pmt_alloc_op_name(uint64_t op);                /* 7.5 */
const char *pmt_domain_name(uint64_t domain);              /* 7.5 */
const char *pmt_process_op_name(uint64_t op);              /* 7.12 */
const char *pmt_process_how_name(uint64_t how);            /* 7.12 */
const char *pmt_object_op_name(uint64_t op);               /* 7.4 */
const char *pmt_what_name(uint32_t kind, uint64_t what);   /* 7.3, 7.4 */
const char *pmt_gc_op_name(uint64_t op);                   /* 7.9 */
const char *pmt_loss_cause_name(uint64_t cause);           /* 7.10 */
const char *pmt_clock_name(uint64_t clock);                /* 5.1 */

/* "app.py:12 main" of the innermost site of a stack; "(no stack)" for 0,
 * "(unknown stack 7)" when 7 is not stated; the same words elsewhere. */
size_t pmt_name_site(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t stack);
/* "app.py" and "main" of it alone. */
size_t pmt_name_file(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t stack);
size_t pmt_name_function(char *buffer, size_t size,
                         const struct pmt_stream *s, uint32_t stack);
/* "app.py:10 main" of a code object: its first line. */
size_t pmt_name_code(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t code);
/* "dict", "(no type)", "(unknown type 7)". */
size_t pmt_name_type(char *buffer, size_t size, const struct pmt_stream *s,
                     uint32_t type);
/* "MainThread", "thread 4711" (native id) without a name, "(no thread)". */
size_t pmt_name_thread(char *buffer, size_t size, const struct pmt_stream *s,
                       uint32_t thread);

/* The key as 16 hex digits and a NUL. */
#define PMT_KEY_SIZE 17
char *pmt_name_key(char buffer[PMT_KEY_SIZE], uint64_t stream_key);
/* A UUID as 8-4-4-4-12 hex digits and a NUL. */
#define PMT_UUID_SIZE 37
char *pmt_name_uuid(char buffer[PMT_UUID_SIZE], const uint8_t uuid[16]);

/* "2026-11-21T03:57:20.123456Z" of ns since 1970, UTC. */
#define PMT_WALL_SIZE 48
char *pmt_name_wall(char buffer[PMT_WALL_SIZE], int64_t real_ns);

#endif
