/* live-trace.c: see live-trace.h. */
#include "live-trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OK(call) assert_int_equal(call, PMT_OK)

static struct pmt_error err;

void live_trace_stream(struct live_trace *trace, unsigned number,
                       int64_t start_real_ns, const char *hook)
{
    static const char *const argv[] = {"./prog", "arg"};
    struct pmt_stream_info info = {
        .tick_ns = 10,
        .start_real_ns = start_real_ns,
        .producer = "test",
        .pid = 100 + number,
        .argv = argv,
        .argc = 2,
        .hooks = hook ? &hook : NULL,
        .hook_count = hook != NULL,
    };
    struct pmt_sink sink;

    info.uuid[7] = (uint8_t)number;
    info.uuid[15] = 1;
    pmt_sink_to_buffer(&sink, &trace->bytes);
    OK(pmt_writer_new(&trace->writer, &sink, &info, NULL, &err));
    trace->time = 0;
}

static void alloc(struct live_trace *trace, uint8_t op, uint64_t address,
                  uint64_t size, uint32_t stack)
{
    struct pmt_alloc record = {
        .time = ++trace->time,
        .address = address,
        .size = size,
        .stack = stack,
        .op = op,
        .domain = PMT_DOMAIN_MEM,
    };

    OK(pmt_writer_alloc(trace->writer, &record, &err));
}

void live_trace_malloc(struct live_trace *trace, uint64_t address,
                       uint64_t size, uint32_t stack)
{
    alloc(trace, PMT_ALLOC_MALLOC, address, size, stack);
}

void live_trace_free(struct live_trace *trace, uint64_t address)
{
    alloc(trace, PMT_ALLOC_FREE, address, 0, 0);
}

static void object(struct live_trace *trace, uint8_t op, uint64_t address,
                   uint32_t type)
{
    struct pmt_object record = {
        .time = ++trace->time,
        .address = address,
        .type = type,
        .op = op,
    };

    OK(pmt_writer_object(trace->writer, &record, &err));
}

void live_trace_create(struct live_trace *trace, uint64_t address,
                       uint32_t type)
{
    object(trace, PMT_OBJECT_CREATE, address, type);
}

void live_trace_destroy(struct live_trace *trace, uint64_t address)
{
    object(trace, PMT_OBJECT_DESTROY, address, 0);
}

void live_trace_mark(struct live_trace *trace, const char *text)
{
    struct pmt_mark mark = {
        .time = ++trace->time,
        .text = text,
        .text_bytes = (uint32_t)strlen(text),
    };

    OK(pmt_writer_mark(trace->writer, &mark, &err));
}

void live_trace_site(struct live_trace *trace, uint32_t id, const char *file,
                     const char *function, uint32_t line)
{
    OK(pmt_writer_define_code(trace->writer, id, file, strlen(file), function,
                              strlen(function), line, &err));
    OK(pmt_writer_define_stack(trace->writer, id, 0, id, line, &err));
}

void live_trace_type(struct live_trace *trace, uint32_t id, const char *name,
                     uint32_t basic_size)
{
    OK(pmt_writer_define_type(trace->writer, id, name, strlen(name),
                              basic_size, 0, &err));
}

void live_trace_flush(struct live_trace *trace)
{
    OK(pmt_writer_flush(trace->writer, &err));
}

void live_trace_finish(struct live_trace *trace, int whole)
{
    if (whole)
        OK(pmt_writer_finish(trace->writer, 1, &err));
    else
        OK(pmt_writer_flush(trace->writer, &err));
    pmt_writer_free(trace->writer);
    trace->writer = NULL;
}

void live_trace_open(const struct live_trace *trace, struct pmt_trace *in)
{
    struct pmt_source source;

    pmt_source_from_memory(&source, trace->bytes.bytes, trace->bytes.used);
    OK(pmt_trace_from_source(in, &source, "test.pmt", NULL, &err));
}

void live_trace_release(struct live_trace *trace)
{
    pmt_writer_free(trace->writer);
    pmt_buffer_release(&trace->bytes);
    memset(trace, 0, sizeof *trace);
}
