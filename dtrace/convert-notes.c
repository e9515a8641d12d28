/*
 * convert-notes.c - what is in a log beside events: titles, what our scripts
 * say of themselves, what dtrace and bpftrace say, and how much was lost.
 */
#include "convert-private.h"

/* Lines that say nothing of the process. */
static const char *const banners[] = {
    "Tracing... Hit Ctrl-C to end.", "Attaching ", "C    PID  DELTA(us)",
    "C     PID  DELTA(us)", "ERROR: Unknown error -1: couldn't set RLIMIT_",
    "dtrace: system integrity protection is on", "dtrace: script ",
    "dtrace: description ", "dtrace: pid ", "dtrace: buffer size",
    "dtrace: aggregation size", "Password:", "^C",
};

/* "dtrace: 12 drops on CPU 0", "dtrace: 3 dynamic variable drops ...",
 * "Lost 12 events". */
static bool is_drop(struct dt_rest r, uint64_t *lost)
{
    if (dt_skip_word(&r, "Lost "))
        return dt_number(&r, lost) && dt_skip_word(&r, " event");
    if (!dt_skip_word(&r, "dtrace: "))
        return false;
    dt_skip(&r, '[');
    return dt_number(&r, lost) && dt_skip(&r, ' ') &&
           dt_find(&r, "drop", 4) != NULL;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* A UUID as the system writes it. */
static bool read_uuid(struct dt_rest r, uint8_t id[16])
{
    for (int i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && !dt_skip(&r, '-'))
            return false;
        if (r.end - r.p < 2 || nibble(r.p[0]) < 0 || nibble(r.p[1]) < 0)
            return false;
        id[i] = (uint8_t)(nibble(r.p[0]) << 4 | nibble(r.p[1]));
        r.p += 2;
    }
    return r.p == r.end;
}

/* "MONO SECONDS.FRACTION": the two clocks, read one after the other. */
static bool read_clock(struct dt_rest r, struct dt_options *o)
{
    uint64_t mono, seconds, fraction;
    const char *from;

    if (!dt_number(&r, &mono) || !dt_skip(&r, ' ') ||
        !dt_number(&r, &seconds) || seconds > 9000000000u ||
        !dt_skip(&r, '.'))
        return false;
    from = r.p;
    if (!dt_number(&r, &fraction) || r.p != r.end || r.p - from > 9)
        return false;
    for (long i = r.p - from; i < 9; i++)
        fraction *= 10;
    o->has_clocks = true;
    o->mono_ns = mono;
    o->real_ns = (int64_t)(seconds * 1000000000u + fraction);
    o->uncertainty_ns = 1000000; /* they are microseconds apart, at most */
    return true;
}

/* "# pmt-dtrace 1 malloc dtrace", "# clock ...", "# boot ...", "# end" */
static int take_own_note(struct dt_convert *c, struct dt_rest r)
{
    uint8_t id[16];

    if (dt_skip_word(&r, "pmt-dtrace ")) {
        c->report.titled = true;
        c->printed = 0;
        c->dropped = 0;
    } else if (dt_skip_word(&r, "clock ")) {
        if (!c->options.has_clocks && !read_clock(r, &c->options))
            return DT_BAD + DT_FIELD;
        c->report.timed = true;
    } else if (dt_skip_word(&r, "boot ")) {
        if (!read_uuid(r, id))
            return DT_BAD + DT_FIELD;
        memcpy(c->options.boot_id, id, 16);
    }
    return DT_OTHER;
}

/* How many lines were printed, as the script counted them: what is not here
 * was lost, whether or not the tracer said so. */
static void counted(struct dt_convert *c, uint64_t events)
{
    uint64_t lost = events > c->printed ? events - c->printed : 0;

    c->report.lost += lost > c->dropped ? lost - c->dropped : 0;
    c->printed = 0;
    c->dropped = 0;
}

static int take_count(struct dt_convert *c, struct dt_rest r)
{
    uint64_t n;

    if (dt_skip_word(&r, "@events: ") && dt_number(&r, &n) && r.p == r.end)
        counted(c, n);
    else if (dt_skip_word(&r, "@nested: ") && dt_number(&r, &n) &&
             r.p == r.end)
        c->report.nested += n;
    else
        return DT_NOT_MINE;
    return DT_OTHER;
}

int dt_take_note(struct dt_convert *c, struct dt_rest r, struct pmt_error *err)
{
    uint64_t lost;

    dt_skip_spaces(&r);
    if (r.p == r.end)
        return DT_OTHER;
    if (dt_skip_word(&r, "# "))
        return take_own_note(c, r);
    if (*r.p == '@')
        return take_count(c, r);
    if (is_drop(r, &lost)) {
        c->report.lost += lost;
        c->dropped += lost;
        return DT_OTHER;
    }
    if (r.end - r.p >= 12 && (memcmp(r.p, "dtrace:::BEG", 12) == 0 ||
                              memcmp(r.p, "dtrace:::END", 12) == 0)) {
        int rc = dt_table_end(c, err);

        dt_halves_end(c);
        return rc < 0 ? rc : DT_OTHER;
    }
    for (size_t i = 0; i < sizeof banners / sizeof *banners; i++)
        if (dt_skip_word(&r, banners[i]))
            return DT_OTHER;
    return DT_NOT_MINE;
}
