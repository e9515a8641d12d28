/* live-trace.h: traces in memory for tests of analyses, made by the writer. */
#ifndef LIVE_TRACE_H
#define LIVE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "open.h"
#include "pmt/io.h"
#include "pmt/writer.h"

struct live_trace {
    struct pmt_buffer bytes; /* all streams so far */
    struct pmt_writer *writer;
    uint64_t time;           /* ticks; of the record written last */
};

/* Begins a stream with the UUID `number`, tick 10 ns, that starts
 * `start_real_ns` after 1970, of hooks `hook` (NULL: none) and process
 * "./prog arg" with pid 100 + number. */
void live_trace_stream(struct live_trace *trace, unsigned number,
                       int64_t start_real_ns, const char *hook);
/* One tick later. */
void live_trace_malloc(struct live_trace *trace, uint64_t address,
                       uint64_t size, uint32_t stack);
void live_trace_free(struct live_trace *trace, uint64_t address);
void live_trace_create(struct live_trace *trace, uint64_t address,
                       uint32_t type);
void live_trace_destroy(struct live_trace *trace, uint64_t address);
void live_trace_mark(struct live_trace *trace, const char *text);
/* Code `id` and stack `id` of it without a caller. */
void live_trace_site(struct live_trace *trace, uint32_t id, const char *file,
                     const char *function, uint32_t line);
void live_trace_type(struct live_trace *trace, uint32_t id, const char *name,
                     uint32_t basic_size);
/* What is staged becomes chunks. */
void live_trace_flush(struct live_trace *trace);
/* Ends the stream; `whole`: with an end chunk. */
void live_trace_finish(struct live_trace *trace, int whole);

/* Opens the bytes; `trace` must live on. */
void live_trace_open(const struct live_trace *trace, struct pmt_trace *in);

void live_trace_release(struct live_trace *trace);

#endif
