/*
 * sample-mode.c - the mode `sample` (sample-mode.h). No hook is put in.
 */
#include "sample-mode.h"

#include "recording.h"
#include "sample-thread.h"

/* ---- the mode -------------------------------------------------------------- */

static int install(bool floor)
{
    if (!floor)
        rec_sampling_want(REC_SAMPLING_MODE, rec_set.sample_ms,
                          rec_set.sample_groups);
    return 0;
}

static void uninstall(void)
{
    rec_sampling_want(REC_SAMPLING_MODE, 0, 0);
}

static void begin(void)
{
    rec_sampling_now();
    rec_recording_wake(); /* for the first tick */
}

void rec_sample_moment(void)
{
    rec_sampling_at_mark();
}

/* ---- pmtrace.sampling() ---------------------------------------------------- */

PyDoc_STRVAR(sample_ask_doc,
"sample_ask(ms, groups)\n\nSamples are wanted every `ms` milliseconds, of groups\n"
"as bits, besides those of mode sample; 0 ms: not any more. They go to the\n"
"innermost recording, whenever there is one.");

static PyObject *sample_ask(PyObject *module, PyObject *args)
{
    unsigned ms, groups;

    (void)module;
    if (!PyArg_ParseTuple(args, "II", &ms, &groups))
        return NULL;
    rec_sampling_want(REC_SAMPLING_ASKED, ms, groups);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(sample_now_doc,
"sample_now()\n\nTakes a sample, if any are wanted and this process is being\n"
"recorded.");

static PyObject *sample_now(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    rec_sampling_now();
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"sample_ask", sample_ask, METH_VARARGS, sample_ask_doc},
    {"sample_now", sample_now, METH_NOARGS, sample_now_doc},
    {NULL, NULL, 0, NULL}};

const struct rec_mode rec_mode_sample = {.name = "sample",
                                         .bit = REC_MODE_SAMPLE,
                                         .install = install,
                                         .begin = begin,
                                         .end = rec_sampling_now,
                                         .uninstall = uninstall,
                                         .methods = methods};
