/*
 * publish.h: give a finished temporary file its name, without ever
 * overwriting what must stay.
 */
#ifndef PMT_CLI_PUBLISH_H
#define PMT_CLI_PUBLISH_H

#include <stdbool.h>

/* Ways to move without replacing, best first. Not all file systems have the
 * first two. */
enum pmt_publish_ways {
    PMT_PUBLISH_RENAME = 1, /* renameat2(RENAME_NOREPLACE) */
    PMT_PUBLISH_LINK = 2,   /* linkat(), unlinkat() */
    PMT_PUBLISH_CLAIM = 4,  /* create the name empty, then rename over it */
    PMT_PUBLISH_ALL = 7,
};

/*
 * Rename `from` to `to`, both in the folder open as `directory`. With
 * `replace` an existing `to` is replaced; without, EEXIST is returned even if
 * it appears this moment, and `from` stays. ways: which may be tried when not
 * replacing; PMT_PUBLISH_ALL but in tests. Returns 0 or an errno value.
 */
int pmt_publish(int directory, const char *from, const char *to, bool replace,
                unsigned ways);

#endif
