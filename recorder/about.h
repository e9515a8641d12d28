/*
 * about.h - what the stream header says of the process that is recorded.
 */
#ifndef REC_ABOUT_H
#define REC_ABOUT_H

#include "pmt/writer.h"

/* Fills all of `info` that does not depend on the recording: producer, pid,
 * arguments, executable, Python, host, system, boot. The strings are static:
 * one thread at a time. With the GIL. */
void rec_about(struct pmt_stream_info *info);

#endif
