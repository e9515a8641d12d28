/*
 * moment.h: FILE@MOMENT on the command line.
 *
 *     a.pmt              no moment: what it means is the command's business
 *     a.pmt@12.5s        ns since the stream began (units as in value.h)
 *     a.pmt@mark:warm    the first mark of that name
 *     a.pmt@mark:warm#3  the third
 *     a.pmt@wall:2026-11-21T03:57:20.5Z   wall clock (value.h: pmt_value_wall)
 *     a.pmt@peak  a.pmt@end
 *     a.pmt@exit         where the interpreter began to end
 *
 * Only the words are read here; finding the moment in a trace is not.
 */
#ifndef PMT_CLI_MOMENT_H
#define PMT_CLI_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pmt_moment_kind {
    PMT_MOMENT_NONE,
    PMT_MOMENT_TIME, /* ns */
    PMT_MOMENT_MARK, /* name, ordinal */
    PMT_MOMENT_WALL, /* real_ns */
    PMT_MOMENT_PEAK,
    PMT_MOMENT_END,
    PMT_MOMENT_EXIT,
};

struct pmt_moment {
    enum pmt_moment_kind kind;
    uint64_t ns;      /* TIME: since the stream began */
    char *name;       /* MARK: owned by this structure */
    uint64_t ordinal; /* MARK: 1 for the first; 0 when none was given */
    int64_t real_ns;  /* WALL: ns since 1970 */
};

/*
 * Split `operand` into the file (*path, a new string, free() it) and the
 * moment. A file that exists under the whole operand's name is that file,
 * with no moment. Of several "@" the first counts that has a file before it
 * and a moment after it. Returns 0, or -1 with the reason in `why` (`why_size`
 * bytes) and nothing to free: "a.pmt@pek: unknown moment (…)".
 */
int pmt_moment_split(const char *operand, char **path,
                     struct pmt_moment *moment, char *why, size_t why_size);

/* The part after "@" alone, as in --at MOMENT. Same returns. */
int pmt_moment_parse(const char *text, struct pmt_moment *moment, char *why,
                     size_t why_size);

/*
 * Is `a` later than `b` in every trace? True for moments of one kind alone:
 * two times, two dates, two marks of one name. Which of others is later only
 * a trace can tell.
 */
bool pmt_moment_is_later(const struct pmt_moment *a,
                         const struct pmt_moment *b);

void pmt_moment_release(struct pmt_moment *moment);

/* `to` is then to be released, too; it had nothing. */
void pmt_moment_copy(struct pmt_moment *to, const struct pmt_moment *from);

/* Below, at or above 0: an order in which only equal ones are the same. */
int pmt_moment_compare(const struct pmt_moment *a, const struct pmt_moment *b);

#endif
