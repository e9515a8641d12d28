/*
 * attach-run.c - what `pmt attach` and `pmt detach` share (attach-run.h).
 */
#include "attach-run.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/value.h"

static int check_target(const char *package, const struct pmt_target *t,
                        enum pmt_target_state state)
{
    long pid = t->pid;

    if (state == PMT_TARGET_NONE)
        return pmt_fail("process %ld: there is no such process", pid);
    if (state == PMT_TARGET_HIDDEN)
        return pmt_fail("process %ld: no permission: it must be a process of "
                        "the same user, or it takes root or CAP_SYS_PTRACE",
                        pid);
    if (state == PMT_TARGET_ELSEWHERE)
        return pmt_fail("process %ld: sees other files than this command, as "
                        "in a container: run the command there",
                        pid);
    if (state == PMT_TARGET_OTHER)
        return pmt_fail("process %ld: is not Python", pid);
    if (t->major < 3 || (t->major == 3 && t->minor < 14))
        return pmt_fail("process %ld: is CPython %d.%d, and only 3.14 or "
                        "later lets others in: start it by `pmt record`, or "
                        "with PMTRACE in its environment",
                        pid, t->major, t->minor);
    if (!pmt_record_has_extension(package, t->major, t->minor))
        return pmt_fail("the recorder is not built for CPython %d.%d: run "
                        "`make PYTHON=python%d.%d` in pmtrace's source",
                        t->major, t->minor, t->major, t->minor);
    return PMT_EXIT_OK;
}

int pmt_attach_find(const char *number, struct pmt_target *target,
                    char **package)
{
    char why[PMT_WHY_SIZE];
    int64_t pid;

    *package = NULL;
    if (!pmt_value_int(number, 1, INT32_MAX, &pid, why, sizeof why))
        return pmt_fail("%s: is not the number of a process", number);
    *package = pmt_record_find_package();
    if (*package == NULL)
        return pmt_fail("the recorder's Python package was not found; "
                        "%s can name its folder",
                        PMT_RECORD_PACKAGE);
    return check_target(*package, target,
                        pmt_target_examine((pid_t)pid, target));
}

int pmt_attach_become(const struct pmt_target *t, const char *package,
                      const char *what,
                      const struct pmt_record_options *opt,
                      const char *settings)
{
    static char isolated[] = "-IS", no_cache[] = "-B";
    char script[4352], pid[32], seconds[32];
    char *argv[] = {(char *)t->name,
                    isolated,
                    no_cache,
                    script,
                    (char *)what,
                    pid,
                    seconds,
                    (char *)pmt_errors_get_name(),
                    (char *)(opt->common.verbose > 0 ? "1" : "0"),
                    (char *)settings,
                    NULL};

    snprintf(script, sizeof script, "%s/pmtrace/_attach.py", package);
    snprintf(pid, sizeof pid, "%ld", (long)t->pid);
    snprintf(seconds, sizeof seconds, "%.3f", (double)opt->wait / 1e9);
    execvp(t->exec, argv);
    return pmt_fail_errno(errno, "%s", t->exec);
}
