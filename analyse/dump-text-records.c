/* dump-text-records.c: the text lines of records; a function a kind. */
#include "dump-text.h"
#include "names.h"
#include "pmt/record.h"

/* A record's time, its kind. */
static void begin_record(struct pmt_dump *d, const struct pmt_event *event,
                         uint64_t ns)
{
    pmt_put_begin(d, event, NULL);
    pmt_put_seconds(d, ns);
    pmt_put_tab(d);
    pmt_put(d, pmt_kind_name(event->envelope.kind));
}

/* "\tKEY=VALUE" of each of these columns that the chunk has and that is not
 * 0 in row i. */
static void put_extras(struct pmt_dump *d, uint32_t i, uint64_t rss_unit)
{
    static const struct {
        const char *key;
        unsigned column;
    } extras[] = {
        {"rss", PMT_COL_RSS},
        {"gap", PMT_COL_GAP},
        {"offset", PMT_COL_OFFSET},
        {"rss_read", PMT_COL_RSS_READ},
    };

    for (size_t k = 0; k < sizeof extras / sizeof *extras; k++) {
        const uint64_t *values =
            pmt_reader_column(d->reader, extras[k].column);

        if (values == NULL || values[i] == 0)
            continue;
        pmt_put_key(d, extras[k].key);
        pmt_put_u64(d, extras[k].column == PMT_COL_RSS ? values[i] * rss_unit
                                                   : values[i]);
    }
}

static void put_alloc(struct pmt_dump *d, const struct pmt_event *event,
                      uint32_t i)
{
    const struct pmt_alloc *a = &pmt_reader_allocs(d->reader)[i];

    pmt_put_tab(d);
    pmt_put_name(d, pmt_alloc_op_name(a->op), a->op);
    pmt_put_tab(d);
    pmt_put_name(d, pmt_domain_name(a->domain), a->domain);
    pmt_put_tab(d);
    pmt_put_hex(d, a->address);
    pmt_put_tab(d);
    if (pmt_alloc_has_size(a->op))
        pmt_put_u64(d, a->size);
    else
        putc_unlocked('-', d->file);
    pmt_put_thread(d, event->stream, a->thread);
    pmt_put_stack(d, event->stream, a->stack);
}

static void put_object(struct pmt_dump *d, const struct pmt_event *event,
                       uint32_t i)
{
    const struct pmt_object *o = &pmt_reader_objects(d->reader)[i];
    const uint64_t *sizes = pmt_reader_column(d->reader, PMT_COL_SIZE);

    pmt_put_tab(d);
    pmt_put_name(d, pmt_object_op_name(o->op), o->op);
    pmt_put_type(d, event->stream, o->type);
    pmt_put_tab(d);
    pmt_put_hex(d, o->address);
    pmt_put_tab(d);
    if (sizes != NULL)
        pmt_put_u64(d, sizes[i]);
    else
        putc_unlocked('-', d->file);
    pmt_put_thread(d, event->stream, o->thread);
    pmt_put_stack(d, event->stream, o->stack);
}

static void put_call(struct pmt_dump *d, const struct pmt_event *event,
                     uint32_t i)
{
    uint64_t id = pmt_dump_value(pmt_dump_column(d, PMT_COL_CLASS), i);
    struct pmt_cfunction function;
    struct pmt_class class;

    pmt_put_tab(d);
    if (id > UINT32_MAX ||
        !pmt_stream_class(event->stream, (uint32_t)id, &class)) {
        pmt_put(d, "(unknown class ");
        pmt_put_u64(d, id);
        pmt_put(d, ")");
        class = (struct pmt_class){0};
    } else {
        pmt_put_name(d, pmt_what_name(class.kind, class.what), class.what);
    }
    pmt_put_thread(d, event->stream,
               pmt_dump_value(pmt_dump_column(d, PMT_COL_THREAD), i));
    pmt_put_stack(d, event->stream, class.stack);
    if (class.cfunction == 0)
        return;
    pmt_put_key(d, "cfunction");
    if (pmt_stream_cfunction(event->stream, class.cfunction, &function)) {
        pmt_put_text(d, function.module);
        putc_unlocked('.', d->file);
        pmt_put_text(d, function.name);
    } else {
        putc_unlocked('?', d->file);
    }
}

static void put_sample(struct pmt_dump *d, const struct pmt_event *event,
                       uint32_t i)
{
    const uint64_t *pids = pmt_reader_column(d->reader, PMT_COL_PID);
    size_t count;
    const struct pmt_figure *figures = pmt_reader_figures(d->reader, &count);

    pmt_put_thread(d, event->stream,
               pmt_dump_value(pmt_dump_column(d, PMT_COL_THREAD), i));
    if (pids != NULL) {
        pmt_put_key(d, "pid");
        pmt_put_u64(d, pids[i]);
    }
    for (size_t f = 0; f < count; f++) {
        const int64_t *values = pmt_reader_figure(d->reader, f);

        if (values == NULL)
            continue;
        pmt_put_tab(d);
        pmt_put_text(d, figures[f].name);
        putc_unlocked('=', d->file);
        pmt_put_i64(d, values[i]);
        if (figures[f].unit.length > 0) {
            putc_unlocked(' ', d->file);
            pmt_put_text(d, figures[f].unit);
        }
    }
}

/* "\tKEY TEXT", when it is known. */
static void put_known(struct pmt_dump *d, const char *key, struct pmt_text t)
{
    if (t.length == 0)
        return;
    pmt_put_key(d, key);
    pmt_put_text(d, t);
}

static void put_process(struct pmt_dump *d, uint32_t i)
{
    const struct pmt_process *list = pmt_reader_processes(d->reader);
    uint64_t op = pmt_dump_at(d, PMT_COL_OP, i),
             how = pmt_dump_at(d, PMT_COL_HOW, i),
             status = pmt_dump_at(d, PMT_COL_STATUS, i);
    const struct pmt_process *p;

    if (list == NULL)
        return;
    p = &list[i];
    pmt_put_tab(d);
    pmt_put_name(d, pmt_process_op_name(op), op);
    pmt_put_key(d, "pid");
    pmt_put_u64(d, p->pid);
    pmt_put_key(d, "ppid");
    pmt_put_u64(d, p->ppid);
    pmt_put_key(d, "how");
    pmt_put_name(d, pmt_process_how_name(how), how);
    if (status > 0) {
        pmt_put_key(d, status > 256 ? "signal" : "exit");
        pmt_put_u64(d, status > 256 ? status - 256 : status - 1);
    }
    put_known(d, "name", p->name);
    put_known(d, "note", p->note);
    put_known(d, "executable", p->executable);
    for (size_t k = 0; k < p->argc; k++) {
        pmt_put_key(d, "arg");
        pmt_put_text(d, p->argv[k]);
    }
}

static void put_domain(struct pmt_dump *d, uint32_t i)
{
    const uint64_t *domains = pmt_reader_column(d->reader, PMT_COL_DOMAIN);

    pmt_put_tab(d);
    if (domains != NULL)
        pmt_put_name(d, pmt_domain_name(domains[i]), domains[i]);
    else
        putc_unlocked('-', d->file);
}

/* "\tTITLE=VALUE UNIT" of each value of the user. */
static void put_snapshot_values(struct pmt_dump *d)
{
    size_t count;
    const struct pmt_figure *values = pmt_reader_figures(d->reader, &count);

    for (size_t i = 0; i < count; i++) {
        int64_t value = values[i].value;

        pmt_put_tab(d);
        pmt_put_text(d, values[i].name);
        putc_unlocked('=', d->file);
        if (value < 0)
            putc_unlocked('-', d->file);
        pmt_put_u64(d, value < 0 ? -(uint64_t)value : (uint64_t)value);
        if (values[i].unit.length > 0) {
            putc_unlocked(' ', d->file);
            pmt_put_text(d, values[i].unit);
        }
    }
}

static void put_snapshot(struct pmt_dump *d, const struct pmt_event *event,
                         uint32_t i)
{
    pmt_put_tab(d);
    pmt_put_text(d, pmt_reader_text(d->reader, 0));
    pmt_put_key(d, "blocks");
    pmt_put_u64(d, pmt_dump_at(d, PMT_COL_BLOCKS, i));
    pmt_put_key(d, "bytes");
    pmt_put_u64(d, pmt_dump_at(d, PMT_COL_SIZE, i));
    put_domain(d, i);
    pmt_put_type(d, event->stream, pmt_dump_at(d, PMT_COL_TYPE, i));
    pmt_put_stack(d, event->stream, pmt_dump_at(d, PMT_COL_STACK, i));
    if (i == 0)
        put_snapshot_values(d);
}

static void put_live(struct pmt_dump *d, const struct pmt_event *event,
                     uint32_t i)
{
    uint32_t of, part, parts;

    pmt_reader_live_part(d->reader, &of, &part, &parts);
    pmt_put_tab(d);
    pmt_put_name(d, pmt_kind_name(of), of);
    put_domain(d, i);
    pmt_put_type(d, event->stream, pmt_dump_at(d, PMT_COL_TYPE, i));
    pmt_put_tab(d);
    pmt_put_hex(d, pmt_dump_at(d, PMT_COL_ADDRESS, i));
    pmt_put_tab(d);
    pmt_put_u64(d, pmt_dump_at(d, PMT_COL_SIZE, i));
    pmt_put_key(d, "age");
    pmt_put_seconds(d, pmt_dump_at(d, PMT_COL_AGE, i) *
                           pmt_dump_tick_ns(event));
    pmt_put_thread(d, event->stream, pmt_dump_at(d, PMT_COL_THREAD, i));
    pmt_put_stack(d, event->stream, pmt_dump_at(d, PMT_COL_STACK, i));
}

/* What a collection has done, known at its end. */
static void put_collection(struct pmt_dump *d, uint32_t i)
{
    pmt_put_key(d, "collected");
    pmt_put_u64(d, pmt_dump_at(d, PMT_COL_COLLECTED, i));
    pmt_put_key(d, "uncollectable");
    pmt_put_u64(d, pmt_dump_at(d, PMT_COL_UNCOLLECTABLE, i));
    pmt_put_key(d, "duration");
    pmt_put_seconds(d, pmt_dump_at(d, PMT_COL_DURATION, i));
}

static void put_gc(struct pmt_dump *d, const struct pmt_event *event,
                   uint32_t i)
{
    uint64_t op = pmt_dump_at(d, PMT_COL_OP, i);

    pmt_put_tab(d);
    pmt_put_name(d, pmt_gc_op_name(op), op);
    pmt_put_key(d, "generation");
    pmt_put_u64(d, pmt_dump_at(d, PMT_COL_GENERATION, i));
    if (op != 0) /* 0 is a start (7.9) */
        put_collection(d, i);
    pmt_put_thread(d, event->stream, pmt_dump_at(d, PMT_COL_THREAD, i));
}

static void put_loss(struct pmt_dump *d, uint32_t i)
{
    pmt_put_tab(d);
    pmt_put_name(d, pmt_loss_cause_name(pmt_dump_at(d, PMT_COL_OP, i)),
             pmt_dump_at(d, PMT_COL_OP, i));
    pmt_put_key(d, "events");
    pmt_put_u64(d, pmt_dump_at(d, PMT_COL_EVENTS, i));
}

static void put_anchor(struct pmt_dump *d, uint32_t i)
{
    uint64_t real_ns = pmt_dump_at(d, PMT_COL_FIGURES + 1, i);
    char wall[PMT_WALL_SIZE];

    pmt_put_key(d, "monotonic");
    pmt_put_seconds(d, pmt_dump_at(d, PMT_COL_FIGURES, i));
    pmt_put_key(d, "wall");
    pmt_put(d, pmt_name_wall(wall, (int64_t)real_ns));
    pmt_put_key(d, "uncertainty");
    pmt_put_seconds(d, pmt_dump_at(d, PMT_COL_FIGURES + 2, i));
}

static void put_record(struct pmt_dump *d, const struct pmt_event *event,
                       uint32_t i)
{
    switch (event->envelope.kind) {
    case PMT_KIND_ALLOC:
        put_alloc(d, event, i);
        break;
    case PMT_KIND_OBJECT:
        put_object(d, event, i);
        break;
    case PMT_KIND_CALL:
    case PMT_KIND_LINE:
        put_call(d, event, i);
        break;
    case PMT_KIND_SAMPLE:
    case PMT_KIND_HEAP:
        put_sample(d, event, i);
        break;
    case PMT_KIND_SNAPSHOT:
        put_snapshot(d, event, i);
        break;
    case PMT_KIND_MARK:
        pmt_put_thread(d, event->stream, pmt_dump_at(d, PMT_COL_THREAD, i));
        pmt_put_tab(d);
        pmt_put_text(d, pmt_reader_text(d->reader, i));
        break;
    case PMT_KIND_GC:
        put_gc(d, event, i);
        break;
    case PMT_KIND_LOSS:
        put_loss(d, i);
        break;
    case PMT_KIND_LIVE_SET:
        put_live(d, event, i);
        break;
    case PMT_KIND_PROCESS:
        put_process(d, i);
        break;
    case PMT_KIND_ANCHORS:
        put_anchor(d, i);
        break;
    default:
        break;
    }
}

void pmt_put_records(struct pmt_dump *d, const struct pmt_event *event)
{
    const uint64_t *times = pmt_reader_column(d->reader, PMT_COL_TIME);
    uint32_t tick_ns = pmt_dump_tick_ns(event);
    uint64_t rss_unit = pmt_dump_rss_unit(event);

    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t ticks = times ? times[i] : event->envelope.t0;

        if (!pmt_dump_in_time(d, ticks * tick_ns))
            continue;
        begin_record(d, event, ticks * tick_ns);
        put_record(d, event, i);
        put_extras(d, i, rss_unit);
        putc_unlocked('\n', d->file);
    }
}
