/*
 * record.h - how a Python program is started so that it is recorded: the
 * environment that carries the settings, where the recorder's Python package
 * is, and what can be told of the program before it runs.
 *
 * The other end is recorder/pmtrace/bootstrap/sitecustomize.py, which
 * documents the variables. Nothing here prints.
 */
#ifndef PMT_RECORD_H
#define PMT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Name of the variable that lets a user say where the package is. */
#define PMT_RECORD_PACKAGE "PMTRACE_PYTHONPATH"

/* One setting; `value` is any text. */
struct pmt_setting {
    const char *name;
    const char *value;
};

/*
 * The folder that holds the package `pmtrace`: that of PMTRACE_PYTHONPATH,
 * ../python beside the running program (build tree), ../lib/pmtrace/python
 * (make install), or ../lib/python3.N/site-packages (pip). On the heap, or
 * NULL when there is none.
 */
char *pmt_record_find_package(void);

/* What is known of a command line that is to run Python. */
struct pmt_program {
    bool is_python;        /* argv[0] is named python..., or is a script whose
                            * first line says so; else only `stem` counts */
    bool is_interpreter;   /* the former */
    char blocked;          /* 'I', 'E' or 'S': the option that keeps the
                            * recorder out; 0 for none */
    char stem[128];        /* of the trace's default name */
    int major, minor;      /* of the interpreter; 0, 0 when its file's name
                            * does not say */
};

/* The file that execvp() would run, which need not be there when the name has
 * a slash. On the heap; NULL when there is none, or without memory. */
char *pmt_record_locate(const char *name);

/* `argv` ends with NULL and is not empty. */
void pmt_record_examine(char *const *argv, struct pmt_program *program);

/* True when pip put this command and the package beside the interpreter
 * `name`, so that pmtrace.pth starts the recorder in it, also under -I and
 * -E. */
bool pmt_record_has_starter(const char *package, const char *name);

/* Runs the interpreter to ask for its version; sets `major` and `minor`, or
 * 0, 0 when it does not say. For one whose file's name does not tell, as
 * that of a pyenv shim. */
void pmt_record_ask_version(const char *name, struct pmt_program *program);

/* True when the package holds the extension for this version of CPython. */
bool pmt_record_has_extension(const char *package, int major, int minor);

/* Settings as PMTRACE has them: "name=value,name=value". On the heap; NULL
 * without memory. */
char *pmt_record_setting_text(const struct pmt_setting *settings,
                              size_t count);

/* Sets PMTRACE, to `settings`, and PYTHONPATH in this process's environment.
 * Returns 0, or an errno value. */
int pmt_record_set_environment(const char *package, const char *settings);

/*
 * Expands %p, %h, %t, %n and %% in the name of a trace, as this process would.
 * On the heap; NULL with *wrong set to the letter that means nothing, or to
 * 0 without memory.
 */
char *pmt_record_expand(const char *name, char *wrong);

/* The name with percent signs doubled. On the heap; NULL without memory. */
char *pmt_record_escape(const char *name);

/* The process that is writing the trace of this name; 0 when none is. */
pid_t pmt_record_writer(const char *name);

/* The name with the current folder before it if it is relative, so that a
 * program may change its folder first. On the heap; NULL without memory. */
char *pmt_record_absolute(const char *name);

#endif
