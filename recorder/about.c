/*
 * about.c - what the stream header says of the process (about.h).
 */
#include "about.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cpython.h"
#include "proc.h"

#ifndef PMT_BUILD_VERSION
#define PMT_BUILD_VERSION "0"
#endif

#define ARGUMENTS_MAX 256
#define ARGUMENTS_BYTES 2048

void rec_about(struct pmt_stream_info *info)
{
    static const char *argv[ARGUMENTS_MAX];
    static char arguments[ARGUMENTS_BYTES], executable[512], python[256];
    static struct utsname names;
    static char system_name[256];

    rec_proc_boot_id(info->boot_id);
    info->producer = "pmtrace " PMT_BUILD_VERSION;
    info->pid = (uint64_t)getpid();
    info->ppid = (uint64_t)getppid();
    info->argc = rec_proc_arguments(arguments, sizeof arguments, argv,
                                    ARGUMENTS_MAX);
    info->argv = argv;
    rec_proc_executable(executable, sizeof executable);
    info->executable = executable[0] != '\0' ? executable : NULL;
    snprintf(python, sizeof python, "CPython %s", Py_GetVersion());
    for (char *p = python; *p != '\0'; p++)
        if (*p == '\n')
            *p = ' ';
    info->python = python;
    if (uname(&names) == 0) {
        snprintf(system_name, sizeof system_name, "%.64s %.64s %.64s",
                 names.sysname, names.release, names.machine);
        info->host = names.nodename;
        info->system = system_name;
    }
}
