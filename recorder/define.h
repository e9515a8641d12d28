/*
 * define.h - puts definitions and marks into the journal.
 *
 * All of it is for holders of rec_lock. Each call returns 0, or -1 when the
 * journal has no room: nothing was defined then, and the id must not be
 * used.
 */
#ifndef REC_DEFINE_H
#define REC_DEFINE_H

#include <stddef.h>
#include <stdint.h>

#define REC_TEXT_MAX 16384u /* PMT_DEF_TEXT_MAX */

/* Takes the first segment. */
int rec_define_start(void);

/* Gives the segment up. */
void rec_define_stop(void);

int rec_define_code(uint32_t id, uint32_t first_line, const char *file,
                    size_t file_bytes, const char *function,
                    size_t function_bytes);
int rec_define_stack(uint32_t id, uint32_t parent, uint32_t code,
                     uint32_t line);
int rec_define_type(uint32_t id, const char *name, size_t bytes,
                    uint32_t basic_size, uint32_t item_size);
int rec_define_thread(uint32_t id, uint64_t native_id, uint64_t ident,
                      const char *name, size_t bytes);
int rec_define_mark(uint32_t thread, uint64_t time, const char *text,
                    size_t bytes);

#endif
