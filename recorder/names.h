/*
 * names.h - what ids mean, kept in this process as well as in the trace, for
 * the functions that tell Python of stacks and types while recording.
 *
 * Kept only where it was asked for (settings track and count_types, mode
 * snapshot). Writers hold rec_lock; so do readers, but for the counts.
 */
#ifndef REC_NAMES_H
#define REC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parts.h"
#include "rows.h"

struct rec_code_name {
    const char *file, *function;   /* without null */
    uint32_t file_bytes, function_bytes;
};

struct rec_stack_name {
    uint32_t parent, code, line;   /* parent 0: none */
};

struct rec_type_name {
    const char *name;
    uint32_t bytes;
    uint64_t created, destroyed;   /* atomic */
};

/* To be called when an id was given out. Do nothing where nothing is to be
 * kept, and where there is no memory: the id has no name then. */
void rec_name_code(uint32_t id, const char *file, size_t file_bytes,
                   const char *function, size_t function_bytes);
void rec_name_stack(uint32_t id, uint32_t parent, uint32_t code,
                    uint32_t line);
void rec_name_type(uint32_t id, const char *name, size_t bytes);

/* NULL where it is not known. */
const struct rec_code_name *rec_code_name(uint32_t id);
const struct rec_stack_name *rec_stack_name(uint32_t id);
struct rec_type_name *rec_type_name(uint32_t id);

/* True when the settings ask for it. */
bool rec_names_stacks(void);
bool rec_names_types(void);

extern const struct rec_part rec_part_names;

#endif
