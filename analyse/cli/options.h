/*
 * options.h: what a command is, and the one table of its options.
 *
 * The table drives parsing, -h, the manual page and shell completion
 * (help.h, manual.h, completion.h); an option is one row and nothing else.
 *
 *     struct live_options {
 *         struct pmt_common common;             // must come first
 *         const char *output;
 *         int64_t top;
 *     };
 *     static const struct pmt_option options[] = {
 *         PMT_OPT_INT('n', "top", "N", struct live_options, top,
 *                     "show the N largest", .preset = "20", .low = 1),
 *         PMT_OPT_OUTPUT(struct live_options, output),
 *         PMT_OPT_LAST
 *     };
 *
 * -h -V -q -v --progress --jobs are in every command by themselves.
 *
 * What the parser takes: -abc for -a -b -c, -n5, -n 5, --top=5, --top 5, any
 * unambiguous beginning of a long option, "--" (the rest are operands), "-"
 * and "-@MOMENT" as operands, options after operands. A later option wins.
 */
#ifndef PMT_CLI_OPTIONS_H
#define PMT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pmt_option_kind {
    PMT_OPTION_LAST,      /* end of the table */
    PMT_OPTION_HEADING,   /* `help` is the title of the rows that follow */
    PMT_OPTION_FLAG,      /* bool: true */
    PMT_OPTION_NEGATABLE, /* bool: --x is true, --no-x is false; .preset = "on"
                             for one that is true at first */
    PMT_OPTION_COUNT,     /* int: one more each time */
    PMT_OPTION_STRING,    /* const char *: borrowed from argv */
    PMT_OPTION_INT,       /* int64_t, within low..high */
    PMT_OPTION_SIZE,      /* uint64_t bytes: 64k 256M 1.5G, binary units */
    PMT_OPTION_DURATION,  /* uint64_t ns: 10 1.5s 200ms 5m 2h */
    PMT_OPTION_CHOICE,    /* int: index into `choices` */
    PMT_OPTION_SET,       /* uint32_t: a bit per choice, from "a,b" */
    PMT_OPTION_LIST,      /* struct pmt_option_list: one item each time */
    PMT_OPTION_CALLBACK,  /* anything: `callback` stores it */
};

/* The values of an option that may be repeated. The items are borrowed from
 * argv; the array is freed by pmt_options_release(). */
struct pmt_option_list {
    const char **items;
    size_t count;
};

/* Reads `value` into `store` (the field of the row). Returns true, or false
 * with the reason in `why`, for example "not a port number". */
typedef bool pmt_option_callback(const char *value, void *store, char *why,
                                 size_t why_size);

struct pmt_option {
    char letter;      /* 0: no short form */
    const char *name; /* long form without dashes; NULL: none */
    const char *arg;  /* name of the value in help; NULL: no value */
    enum pmt_option_kind kind;
    size_t offset;              /* of the field; set by the macros below */
    const char *help;           /* one sentence, lower case, no full stop */
    const char *preset;         /* the default, as one would type it: stored
                                before parsing and shown in help. Not for
                                FLAG, COUNT and LIST */
    const char *const *choices; /* for CHOICE and SET, ends with NULL */
    int64_t low, high;          /* for INT; high 0 means no upper limit */
    pmt_option_callback *callback;
    bool hidden; /* parsed, but in no help */
};

/* The options that every command has. */
enum pmt_progress_when {
    PMT_PROGRESS_AUTO, /* on a terminal, when the work takes over 1 s */
    PMT_PROGRESS_ALWAYS,
    PMT_PROGRESS_NEVER,
};

struct pmt_common {
    bool quiet;
    int verbose;
    int progress; /* enum pmt_progress_when; NEVER under -q */
    int64_t jobs; /* processors to use; 0: as many as there are */
};

struct pmt_command {
    const char *name;               /* "live" */
    const char *summary;            /* one line for `pmt help`: lower case,
                                       begins with a verb, no full stop */
    const char *const *usage;       /* "[options] FILE…", one or more, NULL */
    const char *const *description; /* paragraphs, NULL. One that begins with
                                       a space is printed as it stands */
    const char *const *examples;    /* command, what it does, …; NULL */
    const char *const *exit_status; /* what 0, 1 and 2 mean here: three
                                       texts (NULL text: not returned);
                                       NULL: the usual words for 0 and 2 */
    const char *const *see_also;    /* more for SEE ALSO: "pmt(5)"; NULL */
    const struct pmt_option *options;
    int operands_min;      /* fewer operands are an error */
    int operands_max;      /* more are an error; -1: no limit */
    const char *operand;   /* what an operand is, for the message "no trace
                              given"; NULL: "trace" */
    bool stops_at_operand; /* what follows the first operand is not ours: pmt
                              record python3 -c … */
    bool no_common;        /* only -h and -V of the common ones */

    /*
     * Does the work. argv[0] is the first argument after the command's name;
     * argv[argc] is NULL. Returns an enum pmt_exit. The caller has set the
     * name for messages and checks stdout after it.
     */
    int (*run)(const struct pmt_command *command, int argc, char **argv);
};

/*
 * Parse argv by the command's table into the options structure that begins
 * with *common. Fields whose row has a preset get it first; the caller zeroes
 * or fills the others. Moves the operands to argv[0…] in their order.
 * Returns the number of operands. -h and -V print and exit(0); a mistake
 * prints one line and exits with status 2.
 */
int pmt_options_parse(const struct pmt_command *command, int argc, char **argv,
                      struct pmt_common *common);

enum pmt_parsed {
    PMT_PARSED_OK,
    PMT_PARSED_HELP,    /* -h or --help was met */
    PMT_PARSED_VERSION, /* -V or --version was met */
    PMT_PARSED_WRONG,   /* `why` says what is wrong */
};

/*
 * The same without printing or exiting; for tests and for
 * pmt_options_parse(). *operand_count is set when PMT_PARSED_OK is returned.
 * `why` holds at least PMT_WHY_SIZE bytes.
 */
#define PMT_WHY_SIZE 512
enum pmt_parsed pmt_options_read(const struct pmt_command *command, int argc,
                                 char **argv, struct pmt_common *common,
                                 int *operand_count, char *why);

/* Free the lists in the options structure. */
void pmt_options_release(const struct pmt_command *command,
                         struct pmt_common *common);

/*
 * Walk the rows of a command, its own first, then the common ones: start with
 * *at = 0; returns NULL after the last. A heading "Common options" is given
 * between the two when the command has rows of its own.
 */
const struct pmt_option *pmt_options_next(const struct pmt_command *command,
                                          size_t *at);

/*
 * Is the table sound: no letter or name twice, no letter of the family in
 * another meaning (-h -V -o -f -q -v), help for each row, presets that parse.
 * Returns true, or false with the reason in `why` (PMT_WHY_SIZE bytes). A
 * test runs this on every command.
 */
bool pmt_command_sound(const struct pmt_command *command, char *why);

/* Rows. The field's type is checked by the compiler. After the help text,
 * further members may follow: .preset = "20", .low = 1, .hidden = true. */
#define PMT_FIELD(type, field, ctype)                                          \
    (offsetof(type, field) +                                                   \
     0 * sizeof(char[offsetof(type, common) == 0 ? 1 : -1]) +                  \
     0 * sizeof(_Generic(&((type *)0)->field, ctype * : 0)))

#define PMT_ROW(l, n, a, k, type, field, ctype, ...)                           \
    {                                                                          \
        .letter = (l), .name = (n), .arg = (a), .kind = (k),                   \
        .offset = PMT_FIELD(type, field, ctype), .help = __VA_ARGS__           \
    }

#define PMT_OPT_FLAG(l, n, type, field, ...)                                   \
    PMT_ROW(l, n, NULL, PMT_OPTION_FLAG, type, field, bool, __VA_ARGS__)
#define PMT_OPT_NEGATABLE(l, n, type, field, ...)                              \
    PMT_ROW(l, n, NULL, PMT_OPTION_NEGATABLE, type, field, bool, __VA_ARGS__)
#define PMT_OPT_COUNT(l, n, type, field, ...)                                  \
    PMT_ROW(l, n, NULL, PMT_OPTION_COUNT, type, field, int, __VA_ARGS__)
#define PMT_OPT_STRING(l, n, a, type, field, ...)                              \
    PMT_ROW(l, n, a, PMT_OPTION_STRING, type, field, const char *, __VA_ARGS__)
#define PMT_OPT_INT(l, n, a, type, field, ...)                                 \
    PMT_ROW(l, n, a, PMT_OPTION_INT, type, field, int64_t, __VA_ARGS__)
#define PMT_OPT_SIZE(l, n, a, type, field, ...)                                \
    PMT_ROW(l, n, a, PMT_OPTION_SIZE, type, field, uint64_t, __VA_ARGS__)
#define PMT_OPT_DURATION(l, n, a, type, field, ...)                            \
    PMT_ROW(l, n, a, PMT_OPTION_DURATION, type, field, uint64_t, __VA_ARGS__)
#define PMT_OPT_CHOICE(l, n, a, type, field, list, ...)                        \
    PMT_ROW(l, n, a, PMT_OPTION_CHOICE, type, field, int, __VA_ARGS__,         \
            .choices = (list))
#define PMT_OPT_SET(l, n, a, type, field, list, ...)                           \
    PMT_ROW(l, n, a, PMT_OPTION_SET, type, field, uint32_t, __VA_ARGS__,       \
            .choices = (list))
#define PMT_OPT_LIST(l, n, a, type, field, ...)                                \
    PMT_ROW(l, n, a, PMT_OPTION_LIST, type, field, struct pmt_option_list,     \
            __VA_ARGS__)
#define PMT_OPT_CALLBACK(l, n, a, type, field, function, ...)                  \
    {                                                                          \
        .letter = (l), .name = (n), .arg = (a), .kind = PMT_OPTION_CALLBACK,   \
        .offset = offsetof(type, field), .callback = (function),               \
        .help = __VA_ARGS__                                                    \
    }
#define PMT_OPT_HEADING(text)                                                  \
    {                                                                          \
        .kind = PMT_OPTION_HEADING, .help = (text)                             \
    }
#define PMT_OPT_LAST                                                           \
    {                                                                          \
        .kind = PMT_OPTION_LAST                                                \
    }

/* Rows that mean the same in every command that has them. */
#define PMT_OPT_OUTPUT(type, field)                                            \
    PMT_OPT_STRING('o', "output", "FILE", type, field,                         \
                   "write to FILE instead of standard output")
#define PMT_OPT_FORCE(type, field)                                             \
    PMT_OPT_FLAG('f', "force", type, field,                                    \
                 "overwrite an output file that exists")
#define PMT_OPT_JSON(type, field)                                              \
    PMT_OPT_FLAG(0, "json", type, field, "print JSON, one object a line")

#endif
