/* publish.c: see publish.h. */
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Does this errno mean "not on this file system" rather than "no"? */
static bool cannot(int errnum)
{
    return errnum == EINVAL || errnum == ENOSYS || errnum == EOPNOTSUPP ||
           errnum == EPERM || errnum == EMLINK;
}

int pmt_publish(int directory, const char *from, const char *to, bool replace,
                unsigned ways)
{
    int claim;

    if (replace)
        return renameat(directory, from, directory, to) ? errno : 0;

    if (ways & PMT_PUBLISH_RENAME) {
        if (!renameat2(directory, from, directory, to, RENAME_NOREPLACE))
            return 0;
        if (!cannot(errno))
            return errno;
    }
    if (ways & PMT_PUBLISH_LINK) {
        if (!linkat(directory, from, directory, to, 0)) {
            unlinkat(directory, from, 0);
            return 0;
        }
        if (!cannot(errno))
            return errno;
    }
    if (!(ways & PMT_PUBLISH_CLAIM))
        return EOPNOTSUPP;
    /* Only one of several racers gets to create the name. Others may see an
     * empty file for a moment: the price where nothing better exists. */
    claim = openat(directory, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                   0600);
    if (claim < 0)
        return errno;
    close(claim);
    if (renameat(directory, from, directory, to)) {
        int errnum = errno;

        unlinkat(directory, to, 0);
        return errnum;
    }
    return 0;
}
