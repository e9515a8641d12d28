/*
 * proc.h - what /proc says of this process and this machine. The only file
 * of the recorder that reads it.
 */
#ifndef REC_PROC_H
#define REC_PROC_H

#include <stddef.h>
#include <stdint.h>

/* The boot's UUID, or zeros where it is not known. */
void rec_proc_boot_id(uint8_t id[16]);

/*
 * The arguments of this process: strings in `buffer`, pointers to them in
 * argv[0..max). Returns how many; those that do not fit are left out.
 */
size_t rec_proc_arguments(char *buffer, size_t cap, const char **argv,
                          size_t max);

/* The path of the program that runs, into buffer[cap]; empty if unknown. */
void rec_proc_executable(char *buffer, size_t cap);

#endif
