/*
 * system.h - what the system tells of itself and of a process: the one file
 * of dtrace/ that knows /proc. Where there is none nothing is known.
 */
#ifndef DTRACE_SYSTEM_H
#define DTRACE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: not known. */
void dt_system_boot_id(uint8_t id[16]);

/* Two clocks at one moment. */
void dt_system_clocks(uint64_t *mono_ns, int64_t *real_ns,
                      uint32_t *uncertainty_ns);

/* Resident bytes of a process: of files, of its own, shared. */
bool dt_system_rss(uint64_t pid, uint64_t parts[3]);

/* The path of its program, at most `size` - 1 bytes. */
bool dt_system_executable(uint64_t pid, char *path, size_t size);

/* The file among those it has mapped whose last name begins with `name`. */
bool dt_system_mapped(uint64_t pid, const char *name, char *path,
                      size_t size);

/* Does the file have the USDT probe python:`probe`? */
bool dt_system_has_probe(const char *path, const char *probe);

#endif
