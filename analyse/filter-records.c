/* filter-records.c: records that are not about blocks; see filter-private.h. */
#include <string.h>

#include "filter-private.h"

/* The columns that a subject is made of; NULL: the chunk has it not. */
struct columns {
    const uint64_t *time, *thread, *class_, *stack, *type, *domain, *pid;
};

static void take_class(const struct pmt_filter_stream *s, uint64_t id,
                       struct pmt_subject *subject)
{
    struct pmt_class class_;

    if (pmt_stream_class(s->stream, (uint32_t)id, &class_) &&
        class_.kind == subject->kind) {
        subject->stack = class_.stack;
        subject->cfunction = class_.cfunction;
    }
}

static void fill(const struct pmt_filter_stream *s, struct pmt_reader *r,
                 const struct columns *c, uint32_t i,
                 struct pmt_subject *subject)
{
    if (c->thread)
        subject->thread = (uint32_t)c->thread[i];
    if (c->class_)
        take_class(s, c->class_[i], subject);
    if (c->pid && (subject->kind == PMT_KIND_PROCESS || c->pid[i] != 0)) {
        subject->has_pid = true;
        subject->pid = c->pid[i];
    }
    if (subject->kind == PMT_KIND_MARK)
        subject->text = pmt_reader_text(r, i);
    if (subject->kind != PMT_KIND_SNAPSHOT)
        return;
    subject->text = pmt_reader_text(r, 0);
    subject->stack = c->stack ? (uint32_t)c->stack[i] : 0;
    subject->type = c->type ? (uint32_t)c->type[i] : 0;
    subject->has_domain = c->domain != NULL;
    subject->domain = c->domain ? (uint8_t)c->domain[i] : 0;
}

void pmt_filter_records(struct pmt_filter *f, struct pmt_filter_stream *s,
                        struct pmt_reader *r, const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind;
    size_t place = (size_t)(s - f->streams);
    bool all = s->kinds[kind] == PMT_ALWAYS;
    struct columns c = {
        .time = pmt_reader_column(r, PMT_COL_TIME),
        .thread = pmt_reader_column(r, PMT_COL_THREAD),
        .class_ = pmt_reader_column(r, PMT_COL_CLASS),
        .stack = pmt_reader_column(r, PMT_COL_STACK),
        .type = pmt_reader_column(r, PMT_COL_TYPE),
        .domain = pmt_reader_column(r, PMT_COL_DOMAIN),
        .pid = pmt_reader_column(r, PMT_COL_PID),
    };

    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t time = c.time ? c.time[i] : event->envelope.t0;
        struct pmt_subject subject = {.kind = kind};

        f->keep[i] = PMT_DROP;
        if (time < s->from || time > s->to)
            continue;
        if (!all)
            fill(s, r, &c, i, &subject);
        if (all || pmt_expression_holds(f->x, s->stream, place, &subject))
            f->keep[i] = PMT_KEEP;
    }
}
