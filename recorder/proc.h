/*
 * proc.h - what /proc says of this process and this machine. The only file
 * of the recorder that reads it.
 */
#ifndef REC_PROC_H
#define REC_PROC_H

#include <stdbool.h>
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

/*
 * The resident set size of this process in pages, by a descriptor that is
 * kept open from rec_proc_rss_open() to rec_proc_rss_close(); it is opened
 * again when the program has closed it. 0: it can't be read. Not to be called
 * from two threads at once. Changes errno.
 */
void rec_proc_rss_open(void);
void rec_proc_rss_close(void);
uint64_t rec_proc_rss(void);

/* The same in bytes, by a file that is opened and closed again. Any thread.
 * Changes errno. */
uint64_t rec_proc_rss_once(void);

/* Closes every descriptor of the calling thread but `keep`. False: which
 * there are can't be read, and none was closed. Takes memory from malloc. */
bool rec_proc_close_all_but(int keep);

#endif
