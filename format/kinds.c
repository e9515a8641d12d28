/* kinds.c - the columns of every kind. */
#include "kinds.h"

#include "pmt/reader.h"

#define MUST true
#define MAY false
#define COLUMNS(name, ...)                                                    \
    static const struct pmt_column_rule name[] = {__VA_ARGS__}
#define RULE(name)                                                            \
    .columns = name, .column_count = sizeof name / sizeof *name

COLUMNS(string, {0, PMT_IDS, MUST});
COLUMNS(code, {0, PMT_IDS, MUST}, {1, PMT_REFERENCE, MAY},
        {2, PMT_REFERENCE, MAY}, {3, PMT_PLAIN, MAY});
COLUMNS(type, {0, PMT_IDS, MUST}, {1, PMT_REFERENCE, MAY}, {2, PMT_PLAIN, MAY},
        {3, PMT_PLAIN, MAY});
COLUMNS(thread, {0, PMT_IDS, MUST}, {1, PMT_PLAIN, MAY}, {2, PMT_PLAIN, MAY},
        {3, PMT_REFERENCE, MAY});
COLUMNS(cfunction, {0, PMT_IDS, MUST}, {1, PMT_REFERENCE, MAY},
        {2, PMT_REFERENCE, MAY});
COLUMNS(stack, {0, PMT_IDS, MUST}, {1, PMT_PLAIN, MUST},
        {2, PMT_REFERENCE, MAY},
        {3, PMT_PLAIN, MAY});
COLUMNS(class_, {0, PMT_IDS, MUST}, {1, PMT_PLAIN, MAY}, {2, PMT_PLAIN, MAY},
        {3, PMT_REFERENCE, MAY}, {4, PMT_REFERENCE, MAY},
        {5, PMT_REFERENCE, MAY});
COLUMNS(anchor, {PMT_COL_TIME, PMT_TICK, MUST});
COLUMNS(call, {PMT_COL_CLASS, PMT_REFERENCE, MUST}, {PMT_COL_TIME, PMT_TIME, MUST},
        {PMT_COL_THREAD, PMT_REFERENCE, MAY}, {PMT_COL_RSS, PMT_RSS, MAY},
        {PMT_COL_GAP, PMT_PLAIN, MAY}, {PMT_COL_RSS_READ, PMT_PLAIN, MAY});
COLUMNS(line, {PMT_COL_CLASS, PMT_REFERENCE, MUST}, {PMT_COL_TIME, PMT_TIME, MUST},
        {PMT_COL_THREAD, PMT_REFERENCE, MAY}, {PMT_COL_RSS, PMT_RSS, MAY},
        {PMT_COL_GAP, PMT_PLAIN, MAY}, {PMT_COL_OFFSET, PMT_PLAIN, MAY},
        {PMT_COL_RSS_READ, PMT_PLAIN, MAY});
COLUMNS(object, {PMT_COL_CLASS, PMT_REFERENCE, MUST},
        {PMT_COL_TIME, PMT_TIME, MUST}, {PMT_COL_THREAD, PMT_REFERENCE, MAY},
        {PMT_COL_RSS, PMT_RSS, MAY}, {PMT_COL_GAP, PMT_PLAIN, MAY},
        {PMT_COL_SIZE, PMT_PLAIN, MAY}, {PMT_COL_RELEASE, PMT_ADDRESSES, MUST},
        {PMT_COL_ACQUIRE, PMT_ADDRESSES, MUST},
        {PMT_COL_EXPLICIT, PMT_ADDRESSES, MUST},
        {PMT_COL_RSS_READ, PMT_PLAIN, MAY});
/* op comes first: which records have a size follows from it. */
COLUMNS(alloc, {PMT_COL_OP, PMT_PLAIN, MUST}, {PMT_COL_TIME, PMT_TIME, MUST},
        {PMT_COL_THREAD, PMT_REFERENCE, MAY}, {PMT_COL_GAP, PMT_PLAIN, MAY},
        {PMT_COL_SIZE, PMT_SIZED, MAY}, {PMT_COL_STACK, PMT_REFERENCE, MAY},
        {PMT_COL_RELEASE, PMT_ADDRESSES, MUST},
        {PMT_COL_ACQUIRE, PMT_ADDRESSES, MUST},
        {PMT_COL_EXPLICIT, PMT_ADDRESSES, MUST});
COLUMNS(figures, {PMT_COL_TIME, PMT_TIME, MUST},
        {PMT_COL_THREAD, PMT_REFERENCE, MAY}, {PMT_COL_PID, PMT_PLAIN, MAY});
COLUMNS(snapshot, {PMT_COL_SIZE, PMT_PLAIN, MUST},
        {PMT_COL_STACK, PMT_REFERENCE, MUST}, {PMT_COL_BLOCKS, PMT_PLAIN, MUST},
        {PMT_COL_TYPE, PMT_REFERENCE, MAY}, {PMT_COL_DOMAIN, PMT_PLAIN, MAY});
COLUMNS(mark, {PMT_COL_TIME, PMT_TIME, MUST},
        {PMT_COL_THREAD, PMT_REFERENCE, MAY});
COLUMNS(gc, {PMT_COL_TIME, PMT_TIME, MUST}, {PMT_COL_THREAD, PMT_REFERENCE, MAY},
        {PMT_COL_OP, PMT_PLAIN, MUST}, {PMT_COL_GENERATION, PMT_PLAIN, MUST},
        {PMT_COL_COLLECTED, PMT_PLAIN, MAY},
        {PMT_COL_UNCOLLECTABLE, PMT_PLAIN, MAY},
        {PMT_COL_DURATION, PMT_PLAIN, MAY});
COLUMNS(loss, {PMT_COL_TIME, PMT_TIME, MUST}, {PMT_COL_OP, PMT_PLAIN, MUST},
        {PMT_COL_EVENTS, PMT_PLAIN, MUST});
COLUMNS(live, {PMT_COL_THREAD, PMT_REFERENCE, MAY}, {PMT_COL_SIZE, PMT_PLAIN, MAY},
        {PMT_COL_STACK, PMT_REFERENCE, MUST}, {PMT_COL_TYPE, PMT_REFERENCE, MAY},
        {PMT_COL_DOMAIN, PMT_PLAIN, MAY}, {PMT_COL_ADDRESS, PMT_DELTA, MUST},
        {PMT_COL_AGE, PMT_PLAIN, MAY});
COLUMNS(process, {PMT_COL_TIME, PMT_TIME, MUST}, {PMT_COL_OP, PMT_PLAIN, MUST},
        {PMT_COL_PID, PMT_PLAIN, MUST}, {PMT_COL_PPID, PMT_PLAIN, MAY},
        {PMT_COL_STARTED, PMT_PLAIN, MAY}, {PMT_COL_STATUS, PMT_PLAIN, MAY},
        {PMT_COL_HOW, PMT_PLAIN, MAY});

static const struct pmt_kind_rule rules[PMT_KIND_KNOWN] = {
    [PMT_KIND_STREAM] = {.moment = false},
    [PMT_KIND_STRINGS] = {RULE(string), .extra = PMT_EXTRA_STRINGS},
    [PMT_KIND_CODES] = {RULE(code)},
    [PMT_KIND_CFUNCTIONS] = {RULE(cfunction)},
    [PMT_KIND_TYPES] = {RULE(type)},
    [PMT_KIND_STACKS] = {RULE(stack)},
    [PMT_KIND_THREADS] = {RULE(thread)},
    [PMT_KIND_CLASSES] = {RULE(class_)},
    [PMT_KIND_ANCHORS] = {RULE(anchor), .extra = PMT_EXTRA_ANCHORS},
    [PMT_KIND_CALL] = {RULE(call), .records = true},
    [PMT_KIND_LINE] = {RULE(line), .records = true},
    [PMT_KIND_OBJECT] = {RULE(object), .records = true},
    [PMT_KIND_ALLOC] = {RULE(alloc), .records = true},
    [PMT_KIND_SAMPLE] = {RULE(figures), .extra = PMT_EXTRA_FIGURES,
                         .records = true},
    [PMT_KIND_HEAP] = {RULE(figures), .extra = PMT_EXTRA_FIGURES,
                       .records = true},
    [PMT_KIND_SNAPSHOT] = {RULE(snapshot), .extra = PMT_EXTRA_SNAPSHOT,
                           .records = true, .moment = true},
    [PMT_KIND_MARK] = {RULE(mark), .extra = PMT_EXTRA_MARKS, .records = true},
    [PMT_KIND_GC] = {RULE(gc), .records = true},
    [PMT_KIND_LOSS] = {RULE(loss), .records = true},
    [PMT_KIND_LIVE_SET] = {RULE(live), .extra = PMT_EXTRA_LIVE,
                           .records = true, .moment = true},
    [PMT_KIND_END] = {.extra = PMT_EXTRA_END},
    [PMT_KIND_PROCESS] = {RULE(process), .extra = PMT_EXTRA_PROCESS,
                          .records = true},
};

const struct pmt_kind_rule *pmt_kind_rule(uint32_t kind)
{
    return &rules[kind];
}
