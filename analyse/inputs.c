/* inputs.c: operands to traces. */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "pmt/journal.h"
#include "pmt/parts.h"
#include "spool.h"

#define SUFFIX ".pmt"
#define DEPTH_MAX 64

/* ---- names -------------------------------------------------------------- */

/* "a.pmt.000012" is part 12 of "a.pmt": the length of that, or 0. */
static size_t part_of(const char *name, unsigned long *part)
{
    const char *dot = strrchr(name, '.');
    char *end;

    if (dot == NULL || dot == name || strlen(dot + 1) < 6 ||
        strspn(dot + 1, "0123456789") != strlen(dot + 1))
        return 0;
    errno = 0;
    *part = strtoul(dot + 1, &end, 10);
    return errno == 0 && *part <= UINT32_MAX ? (size_t)(dot - name) : 0;
}

/* The length of the trace's name in that of what lies beside it, or 0. */
static size_t beside(const char *name)
{
    static const char *const ends[] = {PMT_JOURNAL_SUFFIX,
                                       PMT_PART_NEW_SUFFIX};
    unsigned long part;

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (pmt_text_ends_with(name, ends[i]))
            return strlen(name) - strlen(ends[i]);
    return part_of(name, &part);
}

static char *beginning(const char *name, size_t length)
{
    char *text = pmt_xstrdup(name);

    text[length] = '\0';
    return text;
}

static char *joined(const char *folder, const char *name)
{
    return pmt_xasprintf(pmt_text_ends_with(folder, "/") ? "%s%s" : "%s/%s",
                         folder, name);
}

/* ---- the list ------------------------------------------------------------ */

/* Takes `path` over, copies the moment. */
static void add(struct pmt_inputs *inputs, char *path,
                const struct pmt_moment *moment, size_t operand)
{
    struct pmt_input *item;

    if (inputs->count == inputs->room) {
        inputs->room = inputs->room ? inputs->room * 2 : 16;
        inputs->item = pmt_xreallocarray(inputs->item, inputs->room,
                                         sizeof *inputs->item);
    }
    item = &inputs->item[inputs->count++];
    *item = (struct pmt_input){.path = path, .operand = operand};
    pmt_moment_copy(&item->moment, moment);
}

static int by_path(const void *a, const void *b)
{
    const struct pmt_input *x = a, *y = b;

    return strcmp(x->path, y->path);
}

static void release(struct pmt_input *item)
{
    free(item->path);
    pmt_moment_release(&item->moment);
}

void pmt_inputs_release(struct pmt_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        release(&inputs->item[i]);
    free(inputs->item);
    memset(inputs, 0, sizeof *inputs);
}

/* ---- directories and globs ----------------------------------------------- */

struct expansion {
    struct pmt_inputs *inputs;
    const struct pmt_moment *moment;
    size_t operand;
    unsigned flags;
};

/* Is it the name of a trace, or of what a trace is found by? */
static bool is_trace_name(const char *name)
{
    size_t length = beside(name);
    char *trace;
    bool is;

    if (length == 0 || pmt_text_ends_with(name, PMT_JOURNAL_SUFFIX))
        return pmt_text_ends_with(name, SUFFIX);
    trace = beginning(name, length);
    is = pmt_text_ends_with(trace, SUFFIX);
    free(trace);
    return is;
}

/* A trace whose newest part is only there as X.new is listed as X. */
static void add_found(const struct expansion *x, char *path)
{
    if (pmt_text_ends_with(path, PMT_PART_NEW_SUFFIX))
        path[beside(path)] = '\0';
    add(x->inputs, path, x->moment, x->operand);
}

static int add_folder(const struct expansion *x, const char *folder,
                      unsigned depth)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int status = PMT_EXIT_OK;

    if (dir == NULL)
        return pmt_fail_errno(errno, "%s", folder);
    while (status == PMT_EXIT_OK && (errno = 0, entry = readdir(dir))) {
        char *path;
        struct stat st;

        if (entry->d_name[0] == '.')
            continue;
        path = joined(folder, entry->d_name);
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            if (x->flags & PMT_INPUTS_RECURSIVE && depth < DEPTH_MAX)
                status = add_folder(x, path, depth + 1);
        } else if (is_trace_name(entry->d_name) && stat(path, &st) == 0 &&
                   S_ISREG(st.st_mode)) {
            add_found(x, path);
            continue;
        }
        free(path);
    }
    if (status == PMT_EXIT_OK && errno != 0)
        status = pmt_fail_errno(errno, "%s", folder);
    closedir(dir);
    return status;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

static int add_path(const struct expansion *x, const char *path)
{
    size_t before = x->inputs->count;
    int status;

    if (!is_folder(path)) {
        add(x->inputs, pmt_xstrdup(path), x->moment, x->operand);
        return PMT_EXIT_OK;
    }
    status = add_folder(x, path, 0);
    if (status == PMT_EXIT_OK && x->inputs->count == before)
        status = pmt_fail("%s: no trace (*" SUFFIX ") in this folder", path);
    return status;
}

/* What a shell would have made of it, had it been given to one. */
static int add_glob(const struct expansion *x, const char *pattern)
{
    glob_t found;
    int status = PMT_EXIT_OK;

    switch (glob(pattern, 0, NULL, &found)) {
    case 0:
        break;
    case GLOB_NOMATCH:
        return pmt_fail("%s: no file matches", pattern);
    default:
        return pmt_fail("%s: out of memory", pattern);
    }
    for (size_t i = 0; status == PMT_EXIT_OK && i < found.gl_pathc; i++)
        status = add_path(x, found.gl_pathv[i]);
    globfree(&found);
    return status;
}

static int add_operand(struct pmt_inputs *inputs, const char *text,
                       size_t operand, unsigned flags)
{
    struct pmt_moment moment = {.kind = PMT_MOMENT_NONE};
    struct expansion x = {inputs, &moment, operand, flags};
    size_t before = inputs->count;
    char why[PMT_WHY_SIZE];
    char *path;
    struct stat st;
    int status;

    if (!(flags & PMT_INPUTS_MOMENTS))
        path = pmt_xstrdup(text);
    else if (pmt_moment_split(text, &path, &moment, why, sizeof why))
        return pmt_fail("%s", why);
    if (strpbrk(path, "*?[") != NULL && lstat(path, &st) != 0)
        status = add_glob(&x, path);
    else
        status = add_path(&x, path);
    if (inputs->count > before)
        qsort(inputs->item + before, inputs->count - before,
              sizeof *inputs->item, by_path);
    free(path);
    pmt_moment_release(&moment);
    return status;
}

/* ---- each once ----------------------------------------------------------- */

/* An input with what tells whether it is the same as another. */
struct known {
    dev_t dev;
    ino_t ino;
    bool there;          /* dev and ino are known; else the path counts */
    const struct pmt_input *item;
    size_t place;
    bool drop;
};

static int compare_files(const struct known *a, const struct known *b)
{
    if (a->there != b->there)
        return a->there ? -1 : 1;
    if (!a->there)
        return strcmp(a->item->path, b->item->path);
    if (a->dev != b->dev)
        return a->dev < b->dev ? -1 : 1;
    return a->ino < b->ino ? -1 : a->ino > b->ino;
}

static int by_file(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    int order = compare_files(x, y);

    if (order == 0)
        order = pmt_moment_compare(&x->item->moment, &y->item->moment);
    return order != 0 ? order : x->place < y->place ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
    const struct known *x = a, *y = b;

    return x->place < y->place ? -1 : x->place > y->place;
}

/* The stream and the part that a file begins with. */
static bool begins(const char *path, uint8_t uuid[16], uint32_t *part)
{
    struct pmt_source source;
    bool found;

    if (pmt_source_open_file(&source, path, NULL) != PMT_OK)
        return false;
    found = pmt_source_part(&source, 0, uuid, part);
    pmt_source_close(&source);
    return found;
}

/* Would opening `trace` open its part `part` too (pmt/parts.h)? */
static bool chain_reaches(const char *trace, unsigned long part)
{
    size_t room = strlen(trace) + 16;
    char *name = pmt_xcalloc(room, 1);
    uint8_t uuid[16], its_uuid[16];
    uint32_t at, its_part;
    bool reaches = begins(trace, uuid, &at) && at > part;

    while (reaches && at > part)
        reaches = pmt_part_path(name, room, trace, --at) == PMT_OK &&
                  begins(name, its_uuid, &its_part) && its_part == at &&
                  memcmp(uuid, its_uuid, sizeof uuid) == 0;
    free(name);
    return reaches;
}

/* Is it found by another of the inputs, beside which it lies? `known` is in
 * the order of by_file. */
static bool is_found_by(const struct known *item, const struct known *known,
                        size_t count)
{
    const char *path = item->item->path;
    size_t length = beside(path);
    unsigned long part;
    struct pmt_input trace = {.moment = item->item->moment};
    struct known key = {.item = &trace};
    struct stat st;
    size_t low = 0, high = count;
    bool found;

    if (length == 0)
        return false;
    trace.path = beginning(path, length);
    found = stat(trace.path, &st) == 0;
    if (found) {
        key.there = true;
        key.dev = st.st_dev;
        key.ino = st.st_ino;
    }
    while (found && low < high) {
        size_t middle = (low + high) / 2;

        if (by_file(&known[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    found = found && low < count && compare_files(&known[low], &key) == 0 &&
            pmt_moment_compare(&known[low].item->moment, &trace.moment) == 0;
    if (found && part_of(path, &part) > 0)
        found = chain_reaches(trace.path, part);
    free(trace.path);
    return found;
}

static bool is_stdin(const struct pmt_input *item)
{
    return strcmp(item->path, "-") == 0;
}

/* Drops what is there twice, keeping the first. */
static int keep_each_once(struct pmt_inputs *inputs)
{
    struct known *known = pmt_xcalloc(inputs->count, sizeof *known);
    size_t kept = 0;

    for (size_t i = 0; i < inputs->count; i++) {
        struct known *k = &known[i];
        struct stat st;

        *k = (struct known){.item = &inputs->item[i], .place = i};
        if (!is_stdin(k->item) && stat(k->item->path, &st) == 0) {
            k->there = true;
            k->dev = st.st_dev;
            k->ino = st.st_ino;
        }
    }
    qsort(known, inputs->count, sizeof *known, by_file);
    for (size_t i = 0; i < inputs->count; i++)
        known[i].drop =
            (i > 0 && compare_files(&known[i - 1], &known[i]) == 0 &&
             pmt_moment_compare(&known[i - 1].item->moment,
                             &known[i].item->moment) == 0) ||
            is_found_by(&known[i], known, inputs->count);
    qsort(known, inputs->count, sizeof *known, by_place);
    for (size_t i = 0; i < inputs->count; i++) {
        if (known[i].drop)
            release(&inputs->item[i]);
        else
            inputs->item[kept++] = inputs->item[i];
    }
    inputs->count = kept;
    free(known);
    return PMT_EXIT_OK;
}

/* A copy may be read for several moments; nothing is read twice as it is. */
static int check_stdin(const struct pmt_inputs *inputs)
{
    size_t count = 0;

    for (size_t i = 0; i < inputs->count; i++)
        count += is_stdin(&inputs->item[i]) &&
                 !pmt_moment_takes_pass(&inputs->item[i].moment);
    return count > 1 ? pmt_fail("standard input can be given once only")
                     : PMT_EXIT_OK;
}

/* ---- pipes ---------------------------------------------------------------- */

bool pmt_input_moment_again(const char *text)
{
    struct pmt_moment moment;
    char why[PMT_WHY_SIZE];
    bool again;

    if (!text || pmt_moment_parse(text, &moment, why, sizeof why))
        return false;
    again = pmt_moment_takes_pass(&moment);
    pmt_moment_release(&moment);
    return again;
}

/* Where one pass is not enough, from here on a copy is read. */
static int spool(struct pmt_input *input, unsigned flags)
{
    bool to_exit = flags & PMT_INPUTS_EXIT &&
                   input->moment.kind == PMT_MOMENT_NONE;
    char *again;

    if (!(flags & PMT_INPUTS_AGAIN) && !to_exit &&
        !pmt_moment_takes_pass(&input->moment))
        return PMT_EXIT_OK;
    if (pmt_spool_once(input->path, &again))
        return PMT_EXIT_TROUBLE;
    free(input->path);
    input->path = again;
    return PMT_EXIT_OK;
}

/* ---- all of it ----------------------------------------------------------- */

int pmt_inputs_expand(struct pmt_inputs *inputs, char *const *operands,
                      int count, unsigned flags)
{
    int status = PMT_EXIT_OK;

    memset(inputs, 0, sizeof *inputs);
    for (int i = 0; status == PMT_EXIT_OK && i < count; i++)
        status = add_operand(inputs, operands[i], (size_t)i, flags);
    if (status == PMT_EXIT_OK)
        status = check_stdin(inputs);
    for (size_t i = 0; status == PMT_EXIT_OK && i < inputs->count; i++)
        status = spool(&inputs->item[i], flags);
    if (status == PMT_EXIT_OK && inputs->count > 0)
        status = keep_each_once(inputs);
    if (status == PMT_EXIT_OK && (flags & PMT_INPUTS_ONE) &&
        inputs->count != 1)
        status = pmt_fail("%zu traces given, this needs one", inputs->count);
    if (status != PMT_EXIT_OK)
        pmt_inputs_release(inputs);
    return status;
}

int pmt_input_open(struct pmt_trace *in, const struct pmt_input *input,
                   const struct pmt_common *common,
                   const struct pmt_reader_options *options)
{
    int status = pmt_trace_open(in, input->path, common, options);

    if (status == PMT_EXIT_OK)
        pmt_moment_copy(&in->moment, &input->moment);
    return status;
}

void pmt_input_limit(const struct pmt_input *input,
                     struct pmt_reader_options *options)
{
    if (input->moment.kind == PMT_MOMENT_TIME)
        options->to_ns = input->moment.ns ? input->moment.ns : 1;
}

static bool read_moment(const char *text, struct pmt_moment *moment)
{
    char why[PMT_WHY_SIZE];

    return text && pmt_moment_parse(text + (*text == '@'), moment, why,
                                    sizeof why) == 0;
}

int pmt_input_check_window(const char *from, const char *to)
{
    struct pmt_moment a = {.kind = PMT_MOMENT_NONE}, b = a;
    bool wrong = read_moment(from, &a) && read_moment(to, &b) &&
                 pmt_moment_is_later(&a, &b);

    pmt_moment_release(&a);
    pmt_moment_release(&b);
    return wrong ? pmt_fail("--from %s is later than --to %s: no record is "
                            "between", from, to)
                 : PMT_EXIT_OK;
}
