/* dump-json-records.c: the lines of records, spec 12; a loop a kind. */
#include "dump-json.h"
#include "names.h"
#include "pmt/record.h"

/* A name, or the number itself where it has none. */
static void put_name(struct pmt_json *j, const char *key, const char *name,
                     uint64_t number)
{
    if (name != NULL)
        pmt_json_string(j, key, name);
    else
        pmt_json_u64(j, key, number);
}

static void put_anchors(struct pmt_dump *d, const struct pmt_event *event)
{
    struct pmt_dump_column time = pmt_dump_column(d, PMT_COL_TIME),
                           mono = pmt_dump_column(d, PMT_COL_FIGURES),
                           real = pmt_dump_column(d, PMT_COL_FIGURES + 1),
                           sure = pmt_dump_column(d, PMT_COL_FIGURES + 2);
    uint32_t tick_ns = pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;

    for (uint32_t i = 0; i < event->envelope.count; i++) {
        pmt_dump_json_begin(d, event, "anchor");
        pmt_json_u64(j, "time_ns", pmt_dump_value(time, i) * tick_ns);
        pmt_json_u64(j, "mono_ns", pmt_dump_value(mono, i));
        pmt_json_i64(j, "real_ns", (int64_t)pmt_dump_value(real, i));
        pmt_json_u64(j, "uncertainty_ns", pmt_dump_value(sure, i));
        pmt_json_line_end(j);
    }
}

/* What every record's line begins with. */
static void begin_record(struct pmt_dump *d, const struct pmt_event *event,
                         uint32_t i, uint64_t time_ns)
{
    pmt_dump_json_begin(d, event, pmt_kind_name(event->envelope.kind));
    pmt_json_u64(&d->json, "ordinal", event->envelope.ordinal + i);
    pmt_json_u64(&d->json, "time_ns", time_ns);
}

/* A column that is left out where the chunk does not have it. */
struct extra {
    const char *key;
    unsigned column;
    uint64_t unit; /* 0: plain */
    struct pmt_dump_column values;
};

static void find_extras(struct pmt_dump *d, struct extra *extras, size_t n)
{
    for (size_t i = 0; i < n; i++)
        extras[i].values = pmt_dump_column(d, extras[i].column);
}

static void put_extras(struct pmt_dump *d, const struct extra *extras,
                       size_t n, uint32_t i)
{
    for (size_t k = 0; k < n; k++)
        if (extras[k].values.values != NULL)
            pmt_json_u64(&d->json, extras[k].key,
                         extras[k].values.values[i] *
                             (extras[k].unit ? extras[k].unit : 1));
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void put_calls(struct pmt_dump *d, const struct pmt_event *event)
{
    struct extra extras[] = {
        {.key = "thread", .column = PMT_COL_THREAD},
        {.key = "class", .column = PMT_COL_CLASS},
        {"rss", PMT_COL_RSS, pmt_dump_rss_unit(event), {NULL}},
        {.key = "gap", .column = PMT_COL_GAP},
        {.key = "offset", .column = PMT_COL_OFFSET},
        {.key = "rss_read", .column = PMT_COL_RSS_READ},
    };
    struct pmt_dump_column time = pmt_dump_column(d, PMT_COL_TIME);
    uint32_t tick_ns = pmt_dump_tick_ns(event);

    find_extras(d, extras, COUNT(extras));
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t ns = pmt_dump_value(time, i) * tick_ns;

        if (!pmt_dump_in_time(d, ns))
            continue;
        begin_record(d, event, i, ns);
        put_extras(d, extras, COUNT(extras), i);
        pmt_json_line_end(&d->json);
    }
}

static void put_objects(struct pmt_dump *d, const struct pmt_event *event)
{
    const struct pmt_object *objects = pmt_reader_objects(d->reader);
    struct extra extras[] = {
        {"rss", PMT_COL_RSS, pmt_dump_rss_unit(event), {NULL}},
        {.key = "gap", .column = PMT_COL_GAP},
        {.key = "size", .column = PMT_COL_SIZE},
        {.key = "rss_read", .column = PMT_COL_RSS_READ},
    };
    uint32_t tick_ns = pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;

    find_extras(d, extras, COUNT(extras));
    for (uint32_t i = 0; objects && i < event->envelope.count; i++) {
        const struct pmt_object *o = &objects[i];

        if (!pmt_dump_in_time(d, o->time * tick_ns))
            continue;
        begin_record(d, event, i, o->time * tick_ns);
        pmt_json_u64(j, "thread", o->thread);
        put_name(j, "op", pmt_object_op_name(o->op), o->op);
        pmt_json_u64(j, "type", o->type);
        pmt_json_u64(j, "stack", o->stack);
        pmt_json_hex(j, "address", o->address);
        put_extras(d, extras, COUNT(extras), i);
        pmt_json_line_end(j);
    }
}

static void put_allocs(struct pmt_dump *d, const struct pmt_event *event)
{
    const struct pmt_alloc *allocs = pmt_reader_allocs(d->reader);
    struct extra gap[] = {{.key = "gap", .column = PMT_COL_GAP}};
    uint32_t tick_ns = pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;

    find_extras(d, gap, 1);
    for (uint32_t i = 0; allocs && i < event->envelope.count; i++) {
        const struct pmt_alloc *a = &allocs[i];

        if (!pmt_dump_in_time(d, a->time * tick_ns))
            continue;
        begin_record(d, event, i, a->time * tick_ns);
        pmt_json_u64(j, "thread", a->thread);
        put_name(j, "op", pmt_alloc_op_name(a->op), a->op);
        put_name(j, "domain", pmt_domain_name(a->domain), a->domain);
        pmt_json_hex(j, "address", a->address);
        pmt_dump_json_optional(j, "size", pmt_alloc_has_size(a->op), a->size);
        pmt_json_u64(j, "stack", a->stack);
        put_extras(d, gap, 1, i);
        pmt_json_line_end(j);
    }
}

static void put_samples(struct pmt_dump *d, const struct pmt_event *event)
{
    struct extra extras[] = {
        {.key = "thread", .column = PMT_COL_THREAD},
        {.key = "pid", .column = PMT_COL_PID},
    };
    struct pmt_dump_column time = pmt_dump_column(d, PMT_COL_TIME);
    uint32_t tick_ns = pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;
    size_t count;
    const struct pmt_figure *figures = pmt_reader_figures(d->reader, &count);

    find_extras(d, extras, COUNT(extras));
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t ns = pmt_dump_value(time, i) * tick_ns;

        if (!pmt_dump_in_time(d, ns))
            continue;
        begin_record(d, event, i, ns);
        put_extras(d, extras, COUNT(extras), i);
        pmt_json_object_begin(j, "values");
        for (size_t f = 0; f < count; f++) {
            const int64_t *values = pmt_reader_figure(d->reader, f);

            if (values == NULL)
                continue;
            pmt_json_key(j, figures[f].name.bytes, figures[f].name.length);
            pmt_json_i64(j, "", values[i]);
        }
        pmt_json_object_end(j);
        pmt_json_line_end(j);
    }
}

static void put_snapshot_values(struct pmt_dump *d)
{
    struct pmt_json *j = &d->json;
    size_t count;
    const struct pmt_figure *values = pmt_reader_figures(d->reader, &count);

    pmt_json_array_begin(j, "values");
    for (size_t i = 0; i < count; i++) {
        pmt_json_array_begin(j, NULL);
        pmt_dump_json_text(j, NULL, values[i].name);
        pmt_dump_json_text(j, NULL, values[i].unit);
        pmt_json_i64(j, NULL, values[i].value);
        pmt_json_array_end(j);
    }
    pmt_json_array_end(j);
}

static void put_domain(struct pmt_dump *d, struct pmt_dump_column domain,
                       uint32_t i)
{
    if (domain.values != NULL)
        put_name(&d->json, "domain", pmt_domain_name(domain.values[i]),
                 domain.values[i]);
}

static void put_snapshot(struct pmt_dump *d, const struct pmt_event *event)
{
    struct pmt_dump_column stack = pmt_dump_column(d, PMT_COL_STACK),
                           blocks = pmt_dump_column(d, PMT_COL_BLOCKS),
                           size = pmt_dump_column(d, PMT_COL_SIZE),
                           domain = pmt_dump_column(d, PMT_COL_DOMAIN);
    struct extra type[] = {{.key = "type", .column = PMT_COL_TYPE}};
    uint64_t ns = event->envelope.t0 * pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;

    if (!pmt_dump_in_time(d, ns))
        return;
    find_extras(d, type, 1);
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        begin_record(d, event, i, ns);
        pmt_dump_json_text(j, "name", pmt_reader_text(d->reader, 0));
        put_snapshot_values(d);
        pmt_json_u64(j, "stack", pmt_dump_value(stack, i));
        pmt_json_u64(j, "blocks", pmt_dump_value(blocks, i));
        pmt_json_u64(j, "size", pmt_dump_value(size, i));
        put_extras(d, type, 1, i);
        put_domain(d, domain, i);
        pmt_json_line_end(j);
    }
}

static void put_live(struct pmt_dump *d, const struct pmt_event *event)
{
    struct extra extras[] = {
        {.key = "type", .column = PMT_COL_TYPE},
        {.key = "thread", .column = PMT_COL_THREAD},
    };
    struct extra size[] = {{.key = "size", .column = PMT_COL_SIZE}};
    struct extra age[] = {
        {"age_ns", PMT_COL_AGE, pmt_dump_tick_ns(event), {NULL}}};
    struct pmt_dump_column address = pmt_dump_column(d, PMT_COL_ADDRESS),
                           stack = pmt_dump_column(d, PMT_COL_STACK),
                           domain = pmt_dump_column(d, PMT_COL_DOMAIN);
    uint64_t ns = event->envelope.t0 * pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;
    uint32_t of, part, parts;

    if (!pmt_dump_in_time(d, ns))
        return;
    pmt_reader_live_part(d->reader, &of, &part, &parts);
    find_extras(d, extras, COUNT(extras));
    find_extras(d, size, 1);
    find_extras(d, age, 1);
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        begin_record(d, event, i, ns);
        pmt_json_u64(j, "of", of);
        pmt_json_u64(j, "part", part);
        pmt_json_u64(j, "parts", parts);
        pmt_json_hex(j, "address", pmt_dump_value(address, i));
        put_extras(d, size, 1, i);
        pmt_json_u64(j, "stack", pmt_dump_value(stack, i));
        put_extras(d, extras, COUNT(extras), i);
        put_domain(d, domain, i);
        put_extras(d, age, 1, i);
        pmt_json_line_end(j);
    }
}

static void put_marks(struct pmt_dump *d, const struct pmt_event *event)
{
    struct pmt_dump_column time = pmt_dump_column(d, PMT_COL_TIME),
                           thread = pmt_dump_column(d, PMT_COL_THREAD);
    uint32_t tick_ns = pmt_dump_tick_ns(event);

    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t ns = pmt_dump_value(time, i) * tick_ns;

        if (!pmt_dump_in_time(d, ns))
            continue;
        begin_record(d, event, i, ns);
        pmt_json_u64(&d->json, "thread", pmt_dump_value(thread, i));
        pmt_dump_json_text(&d->json, "text", pmt_reader_text(d->reader, i));
        pmt_json_line_end(&d->json);
    }
}

static void put_gc(struct pmt_dump *d, const struct pmt_event *event)
{
    struct pmt_dump_column time = pmt_dump_column(d, PMT_COL_TIME),
                           op = pmt_dump_column(d, PMT_COL_OP),
                           thread = pmt_dump_column(d, PMT_COL_THREAD),
                           generation = pmt_dump_column(d, PMT_COL_GENERATION),
                           collected = pmt_dump_column(d, PMT_COL_COLLECTED),
                           failed = pmt_dump_column(d, PMT_COL_UNCOLLECTABLE),
                           duration = pmt_dump_column(d, PMT_COL_DURATION);
    uint32_t tick_ns = pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;

    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t ns = pmt_dump_value(time, i) * tick_ns;

        if (!pmt_dump_in_time(d, ns))
            continue;
        begin_record(d, event, i, ns);
        pmt_json_u64(j, "thread", pmt_dump_value(thread, i));
        put_name(j, "op", pmt_gc_op_name(pmt_dump_value(op, i)),
                 pmt_dump_value(op, i));
        pmt_json_u64(j, "generation", pmt_dump_value(generation, i));
        pmt_json_u64(j, "collected", pmt_dump_value(collected, i));
        pmt_json_u64(j, "uncollectable", pmt_dump_value(failed, i));
        pmt_json_u64(j, "duration_ns", pmt_dump_value(duration, i));
        pmt_json_line_end(j);
    }
}

static void put_losses(struct pmt_dump *d, const struct pmt_event *event)
{
    struct pmt_dump_column time = pmt_dump_column(d, PMT_COL_TIME),
                           cause = pmt_dump_column(d, PMT_COL_OP),
                           events = pmt_dump_column(d, PMT_COL_EVENTS);
    uint32_t tick_ns = pmt_dump_tick_ns(event);

    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t ns = pmt_dump_value(time, i) * tick_ns;

        if (!pmt_dump_in_time(d, ns))
            continue;
        begin_record(d, event, i, ns);
        put_name(&d->json, "cause",
                 pmt_loss_cause_name(pmt_dump_value(cause, i)),
                 pmt_dump_value(cause, i));
        pmt_json_u64(&d->json, "events", pmt_dump_value(events, i));
        pmt_json_line_end(&d->json);
    }
}

static void put_texts_of(struct pmt_json *j, const struct pmt_process *p)
{
    pmt_dump_json_text(j, "executable", p->executable);
    if (p->argc > 0) {
        pmt_json_array_begin(j, "argv");
        for (size_t i = 0; i < p->argc; i++)
            pmt_dump_json_text(j, NULL, p->argv[i]);
        pmt_json_array_end(j);
    } else {
        pmt_json_null(j, "argv");
    }
    pmt_dump_json_text(j, "name", p->name);
    pmt_dump_json_text(j, "note", p->note);
}

static void put_processes(struct pmt_dump *d, const struct pmt_event *event)
{
    const struct pmt_process *list = pmt_reader_processes(d->reader);
    struct pmt_dump_column op = pmt_dump_column(d, PMT_COL_OP),
                           how = pmt_dump_column(d, PMT_COL_HOW),
                           statuses = pmt_dump_column(d, PMT_COL_STATUS);
    uint32_t tick_ns = pmt_dump_tick_ns(event);
    struct pmt_json *j = &d->json;

    for (uint32_t i = 0; list != NULL && i < event->envelope.count; i++) {
        const struct pmt_process *p = &list[i];
        uint64_t ns = p->time * tick_ns, status = pmt_dump_value(statuses, i);

        if (!pmt_dump_in_time(d, ns))
            continue;
        begin_record(d, event, i, ns);
        put_name(j, "op", pmt_process_op_name(pmt_dump_value(op, i)),
                 pmt_dump_value(op, i));
        put_name(j, "how", pmt_process_how_name(pmt_dump_value(how, i)),
                 pmt_dump_value(how, i));
        pmt_json_u64(j, "pid", p->pid);
        pmt_dump_json_optional(j, "ppid", p->ppid != 0, p->ppid);
        pmt_dump_json_optional(j, "started_ns", p->started_ns != 0,
                               p->started_ns);
        pmt_dump_json_optional(j, "exit", status >= 1 && status <= 256,
                               status - 1);
        pmt_dump_json_optional(j, "signal", status > 256, status - 256);
        put_texts_of(j, p);
        pmt_json_line_end(j);
    }
}

void pmt_dump_json_records(struct pmt_dump *d, const struct pmt_event *event)
{
    switch (event->envelope.kind) {
    case PMT_KIND_ANCHORS:
        put_anchors(d, event);
        break;
    case PMT_KIND_CALL:
    case PMT_KIND_LINE:
        put_calls(d, event);
        break;
    case PMT_KIND_OBJECT:
        put_objects(d, event);
        break;
    case PMT_KIND_ALLOC:
        put_allocs(d, event);
        break;
    case PMT_KIND_SAMPLE:
    case PMT_KIND_HEAP:
        put_samples(d, event);
        break;
    case PMT_KIND_SNAPSHOT:
        put_snapshot(d, event);
        break;
    case PMT_KIND_MARK:
        put_marks(d, event);
        break;
    case PMT_KIND_GC:
        put_gc(d, event);
        break;
    case PMT_KIND_LOSS:
        put_losses(d, event);
        break;
    case PMT_KIND_LIVE_SET:
        put_live(d, event);
        break;
    case PMT_KIND_PROCESS:
        put_processes(d, event);
        break;
    default:
        break;
    }
}

