/*
 * gnuplot.h: runs gnuplot on a script.
 *
 * It is found by PATH and started without a shell and without the user's own
 * settings (-d). Threads: one at a time.
 */
#ifndef PMT_GNUPLOT_H
#define PMT_GNUPLOT_H

#include <stdio.h>

#include "pmt/error.h"

/*
 * Runs gnuplot with `script` (a file with a descriptor, read from its
 * beginning) as standard input and `fd` as standard output. PMT_OK, or
 * PMT_ERR_IO with `err` filled: not found, killed, or what it said. Its own
 * words may hold bytes of the script; they are cut to one line.
 */
int pmt_gnuplot_run(FILE *script, int fd, struct pmt_error *err);

#endif
