/* check-tables.c: see check-tables.h. */
#include "check-tables.h"

#include "pmt/error.h"

/* The columns that hold ids (spec 6.2 and 7), and of which table. */
static const struct rule {
    uint32_t kinds; /* bits */
    unsigned column;
    enum pmt_kind table;
} rules[] = {
#define BIT(kind) (UINT32_C(1) << PMT_KIND_##kind)
    {BIT(CODES) | BIT(CFUNCTIONS) | BIT(TYPES), 1, PMT_KIND_STRINGS},
    {BIT(CODES) | BIT(CFUNCTIONS), 2, PMT_KIND_STRINGS},
    {BIT(THREADS), 3, PMT_KIND_STRINGS},
    {BIT(STACKS), 1, PMT_KIND_STACKS}, /* id - parent */
    {BIT(STACKS), 2, PMT_KIND_CODES},
    {BIT(CLASSES), 3, PMT_KIND_STACKS},
    {BIT(CLASSES), 4, PMT_KIND_TYPES},
    {BIT(CLASSES), 5, PMT_KIND_CFUNCTIONS},
    {BIT(CALL) | BIT(LINE) | BIT(OBJECT), PMT_COL_CLASS, PMT_KIND_CLASSES},
    {BIT(CALL) | BIT(LINE) | BIT(OBJECT) | BIT(ALLOC) | BIT(SAMPLE) |
         BIT(HEAP) | BIT(MARK) | BIT(GC) | BIT(LIVE_SET),
     PMT_COL_THREAD, PMT_KIND_THREADS},
    {BIT(ALLOC) | BIT(SNAPSHOT) | BIT(LIVE_SET), PMT_COL_STACK,
     PMT_KIND_STACKS},
    {BIT(SNAPSHOT) | BIT(LIVE_SET), PMT_COL_TYPE, PMT_KIND_TYPES},
#undef BIT
};

#define RULES (sizeof rules / sizeof *rules)

/* FNV-1a, a number at a time. */
static uint32_t mix(uint32_t hash, uint64_t value)
{
    hash = (hash ^ (uint32_t)value) * 16777619u;
    return (hash ^ (uint32_t)(value >> 32)) * 16777619u;
}

/* What entry i says. The name of a thread may change. */
static uint32_t content(struct pmt_reader *r, uint32_t kind,
                        const uint64_t *columns[6], uint32_t i)
{
    unsigned count = kind == PMT_KIND_THREADS ? 3 : 6;
    uint32_t hash = 2166136261u;

    if (kind == PMT_KIND_STRINGS) {
        struct pmt_text text = pmt_reader_text(r, i);

        for (uint32_t k = 0; k < text.length; k++)
            hash = (hash ^ (unsigned char)text.bytes[k]) * 16777619u;
        return mix(hash, text.length);
    }
    for (unsigned k = 1; k < count; k++)
        hash = mix(hash, columns[k] ? columns[k][i] : 0);
    return hash;
}

int pmt_check_state(struct pmt_stated *s, struct pmt_reader *r,
                    const struct pmt_event *event,
                    struct pmt_restated *restated)
{
    const struct pmt_envelope *e = &event->envelope;
    const uint64_t *columns[6];

    *restated = (struct pmt_restated){0, 0};
    for (unsigned k = 0; k < 6; k++)
        columns[k] = pmt_reader_column(r, k);
    for (uint32_t i = 0; columns[0] != NULL && i < e->count; i++) {
        uint32_t id = (uint32_t)columns[0][i];
        bool same;

        if (pmt_stated_add(s, (enum pmt_kind)e->kind, id, e->epoch,
                           content(r, e->kind, columns, i), &same) != PMT_OK)
            return PMT_ERR_MEMORY;
        if (!same && restated->count++ == 0)
            restated->first = id;
    }
    return PMT_OK;
}

/* A destruction that a filter has put in may name class 1 where its epoch
 * states no class of a destruction (spec 5.4). */
static bool may_be_unstated(const struct pmt_event *event,
                            const struct rule *rule, uint64_t id)
{
    return id == 1 && rule->table == PMT_KIND_CLASSES &&
           event->envelope.kind == PMT_KIND_OBJECT &&
           pmt_stream_header(event->stream)->filter != NULL;
}

/* Counts the references of one column that are not stated. */
static void count(const struct pmt_stated *s, struct pmt_reader *r,
                  const struct pmt_event *event, const struct rule *rule,
                  struct pmt_unstated *unstated)
{
    const uint64_t *values = pmt_reader_column(r, rule->column);
    const uint64_t *ids = NULL;
    uint64_t stated = 0; /* found so just before: most columns repeat */

    if (values == NULL)
        return;
    if (event->envelope.kind == PMT_KIND_STACKS &&
        rule->table == PMT_KIND_STACKS)
        ids = pmt_reader_column(r, 0);
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint64_t id = ids != NULL ? ids[i] - values[i] : values[i];

        if (id == 0 || id == stated)
            continue;
        if (pmt_stated_in(s, rule->table, id, event->envelope.epoch) ||
            may_be_unstated(event, rule, id))
            stated = id;
        else if (unstated->count++ == 0)
            unstated->first = id;
    }
}

bool pmt_check_unstated(const struct pmt_stated *s, struct pmt_reader *r,
                        const struct pmt_event *event,
                        struct pmt_unstated *unstated)
{
    unstated->count = 0;
    while (unstated->count == 0 && unstated->next < RULES) {
        const struct rule *rule = &rules[unstated->next++];

        unstated->table = rule->table;
        if (rule->kinds >> (event->envelope.kind & 31) & 1)
            count(s, r, event, rule, unstated);
    }
    return unstated->count > 0;
}
