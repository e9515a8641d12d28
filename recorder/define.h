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

#include "parts.h"
#include "pmt/journal.h"

#define REC_TEXT_MAX 16384u /* PMT_DEF_TEXT_MAX */

/* Its segment is taken at the start, and given up at the end. */
extern const struct rec_part rec_part_define;

/* Gives the segment up; the next definition takes another one. */
void rec_define_give(void);

/* The same, and no definition is taken any more. */
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

/* The same, for what journal.h tells at the PMT_DEF_ of each name; `time` is
 * rec_now() of the moment, `kind` an enum pmt_kind. Texts are cut between
 * characters where they are too long, but `lines` of figures (at most
 * REC_TEXT_MAX bytes) and `values` (half of that) are refused. `lines` is
 * UTF-8 without control characters but tab and newline. */
int rec_define_cfunction(uint32_t id, const char *name, size_t name_bytes,
                         const char *module, size_t module_bytes);
int rec_define_class(uint32_t number, unsigned kind, unsigned what,
                     uint32_t stack, uint32_t cfunction);
int rec_define_figures(unsigned kind, uint32_t thread, uint32_t pid,
                       uint64_t time, const char *lines, size_t bytes);
/* `count` is at most REC_SNAPSHOT_ROWS. */
int rec_define_snapshot_rows(uint32_t serial,
                             const struct pmt_snapshot_row *rows,
                             uint32_t count);
int rec_define_snapshot(uint32_t serial, uint32_t rows, uint64_t time,
                        const char *name, size_t name_bytes,
                        const char *values, size_t value_bytes);
#define REC_SNAPSHOT_ROWS 512u

#endif
