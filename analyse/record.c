/*
 * record.c - how a Python program is started so that it is recorded
 * (record.h).
 */
#include "record.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE "PMTRACE"
#define BOOTSTRAP "pmtrace/bootstrap"

/* ---- text -------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static char *format(const char *text,
                                                          ...)
{
    va_list args;
    char *made;
    int n;

    va_start(args, text);
    n = vasprintf(&made, text, args);
    va_end(args);
    return n < 0 ? NULL : made;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

char *pmt_record_locate(const char *name)
{
    const char *path = getenv("PATH");

    if (strchr(name, '/') != NULL)
        return strdup(name);
    while (path != NULL) {
        size_t n = strcspn(path, ":");
        char *file = format("%.*s/%s", (int)n, n > 0 ? path : ".", name);

        if (file != NULL && access(file, X_OK) == 0)
            return file;
        free(file);
        path = path[n] == ':' ? path + n + 1 : NULL;
    }
    return NULL;
}

/* ---- the package ------------------------------------------------------------- */

static char *package_at(const char *folder, const char *below)
{
    char *path = format("%s%s", folder, below);
    char *file = path ? format("%s/" BOOTSTRAP "/sitecustomize.py", path)
                      : NULL;
    char *real = NULL;

    if (file != NULL && access(file, R_OK) == 0)
        real = realpath(path, NULL);
    free(path);
    free(file);
    return real;
}

/* Where pip puts packages, for a program that it put into `folder`. */
static char *package_of_pip(const char *folder)
{
    static const char *const places[] = {"/../lib/python3*/site-packages",
                                         "/../lib64/python3*/site-packages",
                                         "/../lib/python3*/dist-packages"};
    char *found = NULL;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *pattern = format("%s%s/" BOOTSTRAP, folder, places[i]);
        glob_t g = {0};

        if (pattern != NULL && glob(pattern, 0, NULL, &g) == 0 &&
            found == NULL)
            found = package_at(g.gl_pathv[0], "/../..");
        globfree(&g);
        free(pattern);
    }
    return found;
}

char *pmt_record_find_package(void)
{
    const char *given = getenv(PMT_RECORD_PACKAGE);
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash, *found;

    if (given != NULL && *given != '\0')
        return package_at(given, "");
    if (n <= 0)
        return NULL;
    program[n] = '\0';
    slash = strrchr(program, '/');
    if (slash == NULL)
        return NULL;
    *slash = '\0';
    found = package_at(program, "/../python");
    if (found == NULL)
        found = package_at(program, "/../lib/pmtrace/python");
    return found != NULL ? found : package_of_pip(program);
}

bool pmt_record_has_starter(const char *package, const char *name)
{
    char *pth = format("%s/pmtrace.pth", package);
    char *file = pmt_record_locate(name), *folder = NULL, *own = NULL;
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    bool has = false;

    if (pth != NULL && file != NULL && n > 0 && access(pth, R_OK) == 0) {
        program[n] = '\0';
        folder = realpath(dirname(file), NULL);
        own = realpath(dirname(program), NULL);
        has = folder != NULL && own != NULL && strcmp(folder, own) == 0;
    }
    free(pth);
    free(file);
    free(folder);
    free(own);
    return has;
}

bool pmt_record_has_extension(const char *package, int major, int minor)
{
    char *folder = format("%s/pmtrace", package);
    char prefix[64];
    struct dirent *entry;
    bool found = false;
    DIR *dir;

    snprintf(prefix, sizeof prefix, "_recorder.cpython-%d%d-", major, minor);
    dir = folder != NULL ? opendir(folder) : NULL;
    free(folder);
    if (dir == NULL)
        return false;
    while (!found && (entry = readdir(dir)) != NULL)
        found = strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(dir);
    return found;
}

/* ---- the program --------------------------------------------------------------- */

/* "python3.11" gives 3 and 11; true for anything named python and a number
 * or nothing. */
static bool is_python_name(const char *name, int *major, int *minor)
{
    const char *rest = name + 6;

    *major = *minor = 0;
    if (strncmp(name, "python", 6) != 0 ||
        rest[strspn(rest, "0123456789.d")] != '\0')
        return false;
    if (sscanf(rest, "%3d.%3d", major, minor) != 2)
        *major = *minor = 0;
    return true;
}

/* The file that execvp() would run, links followed, or NULL. */
static char *find_program(const char *name)
{
    char *file = pmt_record_locate(name);
    char *real = file != NULL ? realpath(file, NULL) : NULL;

    free(file);
    return real;
}

static void set_stem(struct pmt_program *p, const char *text, bool is_path)
{
    const char *base = is_path ? base_name(text) : text;
    const char *dot = is_path ? strrchr(base, '.') : NULL;
    size_t n = dot != NULL && dot != base ? (size_t)(dot - base)
                                          : strlen(base);

    /* A percent sign would mean something in the name of a trace. */
    if (n == 0 || n >= sizeof p->stem || memchr(base, '%', n) != NULL)
        return;
    memcpy(p->stem, base, n);
    p->stem[n] = '\0';
}

/*
 * Takes apart one cluster of Python's options, "-Bum". Returns how many words
 * it takes, or 0 when the program's own words follow (its name set).
 */
static int take_cluster(char *const *argv, struct pmt_program *p)
{
    for (const char *c = argv[0] + 1; *c != '\0'; c++) {
        switch (*c) {
        case 'I':
        case 'E':
        case 'S':
            p->blocked = *c;
            break;
        case 'W':
        case 'X':
            return c[1] != '\0' || argv[1] == NULL ? 1 : 2;
        case 'm':
            if (c[1] != '\0')
                set_stem(p, c + 1, false);
            else if (argv[1] != NULL)
                set_stem(p, argv[1], false);
            return 0;
        case 'c':
            return 0;
        default:
            break;
        }
    }
    return 1;
}

/* Takes the version from the name of the file that `name` leads to. */
static void set_version(struct pmt_program *p, const char *name)
{
    char *file = find_program(name);

    if (file == NULL ||
        !is_python_name(base_name(file), &p->major, &p->minor))
        p->major = p->minor = 0;
    free(file);
}

/* A script whose first line names Python: "#!/usr/bin/env python3". */
static void examine_script(const char *name, struct pmt_program *p)
{
    char *file = find_program(name), line[256] = "", *word, *rest = NULL;
    FILE *in = file != NULL ? fopen(file, "re") : NULL;

    if (in != NULL) {
        if (fgets(line, sizeof line, in) == NULL)
            line[0] = '\0';
        fclose(in);
    }
    free(file);
    if (strncmp(line, "#!", 2) != 0)
        return;
    word = strtok_r(line + 2, " \t\n", &rest);
    if (word != NULL && strcmp(base_name(word), "env") == 0)
        do
            word = strtok_r(NULL, " \t\n", &rest);
        while (word != NULL && (*word == '-' || strchr(word, '=') != NULL));
    if (word == NULL ||
        !is_python_name(base_name(word), &p->major, &p->minor))
        return;
    p->is_python = true;
    set_version(p, word);
}

void pmt_record_examine(char *const *argv, struct pmt_program *p)
{
    int words;

    memset(p, 0, sizeof *p);
    set_stem(p, argv[0], true);
    if (!is_python_name(base_name(argv[0]), &p->major, &p->minor)) {
        examine_script(argv[0], p);
        return;
    }
    p->is_python = p->is_interpreter = true;
    strcpy(p->stem, "python");
    set_version(p, argv[0]);
    argv++;
    while (*argv != NULL && (*argv)[0] == '-' && (*argv)[1] != '\0') {
        if (strcmp(*argv, "--check-hash-based-pycs") == 0)
            words = argv[1] != NULL ? 2 : 1;
        else if ((*argv)[1] == '-')
            words = 1;
        else
            words = take_cluster(argv, p);
        if (words == 0)
            return;
        argv += words;
    }
    if (*argv != NULL && strcmp(*argv, "-") != 0)
        set_stem(p, *argv, true);
}

void pmt_record_ask_version(const char *name, struct pmt_program *p)
{
    static char isolated[] = "-I", no_site[] = "-S", is_code[] = "-c",
                code[] = "import sys; print('%d.%d' % sys.version_info[:2])";
    char *argv[] = {(char *)name, isolated, no_site, is_code, code, NULL};
    posix_spawn_file_actions_t actions;
    char text[32] = "";
    int ends[2], failed;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    failed = posix_spawnp(&child, name, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!failed) {
        if (read(ends[0], text, sizeof text - 1) <= 0)
            text[0] = '\0';
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    close(ends[0]);
    if (sscanf(text, "%3d.%3d", &p->major, &p->minor) != 2)
        p->major = p->minor = 0;
}

/* ---- the environment -------------------------------------------------------------- */

/* Appends "name=value" with the value's % , = and space written as %25 %2C %3D
 * %20. */
static void put_setting(FILE *out, const char *name, const char *value,
                        bool first)
{
    fprintf(out, "%s%s=", first ? "" : ",", name);
    for (; *value != '\0'; value++) {
        if (strchr("%,= ", *value) != NULL)
            fprintf(out, "%%%02X", (unsigned char)*value);
        else
            putc(*value, out);
    }
}

char *pmt_record_setting_text(const struct pmt_setting *settings,
                              size_t count)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        put_setting(out, settings[i].name, settings[i].value, i == 0);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

int pmt_record_set_environment(const char *package, const char *settings)
{
    const char *before = getenv("PYTHONPATH");
    bool empty = before != NULL && *before == '\0';
    /* An empty element of PYTHONPATH would mean the current folder. */
    char *text = format("%s%s", settings, empty ? ",pythonpath=empty" : "");
    char *path = before != NULL && !empty
                     ? format("%s/" BOOTSTRAP ":%s", package, before)
                     : format("%s/" BOOTSTRAP, package);
    bool failed = text == NULL || path == NULL ||
                  setenv(VARIABLE, text, 1) != 0 ||
                  setenv("PYTHONPATH", path, 1) != 0;

    free(text);
    free(path);
    return failed ? ENOMEM : 0;
}

/* ---- the trace's name --------------------------------------------------------------- */

/* Appends what %letter means; false when it means nothing. */
static bool put_expanded(FILE *out, char letter)
{
    char text[256] = "";
    time_t now = time(NULL);
    struct tm tm;

    switch (letter) {
    case 'p':
        fprintf(out, "%ld", (long)getpid());
        return true;
    case 'h':
        gethostname(text, sizeof text - 1);
        fputs(text, out);
        return true;
    case 't':
        strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
        fputs(text, out);
        return true;
    case 'n':
        putc('1', out);
        return true;
    case '%':
        putc('%', out);
        return true;
    default:
        return false;
    }
}

char *pmt_record_expand(const char *name, char *wrong)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    bool good = true;

    *wrong = 0;
    if (out == NULL)
        return NULL;
    for (; *name != '\0' && good; name++) {
        if (*name != '%') {
            putc(*name, out);
            continue;
        }
        good = put_expanded(out, name[1]);
        *wrong = name[1];
        name += name[1] != '\0';
    }
    if (fclose(out) != 0) {
        *wrong = 0;
        good = false;
    }
    if (good)
        return text;
    free(text);
    return NULL;
}

pid_t pmt_record_writer(const char *name)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *journal = format("%s.journal", name);
    int fd = journal != NULL ? open(journal, O_RDONLY | O_CLOEXEC) : -1;
    bool locked = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 &&
                  lock.l_type != F_UNLCK;

    if (fd >= 0)
        close(fd);
    free(journal);
    return locked ? lock.l_pid : 0;
}

char *pmt_record_escape(const char *name)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL)
        return NULL;
    for (; *name != '\0'; name++)
        fputs(*name == '%' ? "%%" : (char[2]){*name, '\0'}, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

char *pmt_record_absolute(const char *name)
{
    char folder[PATH_MAX], *escaped, *text;

    if (name[0] == '/' || getcwd(folder, sizeof folder) == NULL)
        return strdup(name);
    escaped = pmt_record_escape(folder);
    text = escaped != NULL ? format("%s/%s", escaped, name) : NULL;
    free(escaped);
    return text;
}
