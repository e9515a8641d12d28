/*
 * label.c - labels (label.h).
 *
 * The variable's value is a Label object or None. The variable is never
 * deleted from a context: PyContextVar_Get() leaves a borrowed value in the
 * variable, which CPython itself would not clear if a hook looked while the
 * variable is being deleted.
 */
#include "label.h"

#include <string.h>

#include "define.h"
#include "stacks.h"

#define DEPTH_MAX 1000
#define BYTES_MAX (REC_TEXT_MAX / 2)

typedef struct label {
    PyObject_VAR_HEAD
    struct label *parent;   /* strong, or NULL */
    unsigned depth;         /* labels around it */
    /* Guarded by rec_lock: the id of its node in the stream with this
     * number. */
    uint32_t serial, node;
    char text[];            /* UTF-8, Py_SIZE() bytes with a null */
} Label;

bool rec_labels_used;

/* Set once, with the GIL. */
static PyObject *variable;
static PyInterpreterState *interpreter;

static void label_dealloc(PyObject *self)
{
    Py_XDECREF((PyObject *)((Label *)(void *)self)->parent);
    PyObject_Free(self);
}

static PyObject *label_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<label %.200s>",
                                ((Label *)(void *)self)->text);
}

static PyTypeObject type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "pmtrace._recorder.Label",
    .tp_basicsize = sizeof(Label),
    .tp_itemsize = 1,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = label_dealloc,
    .tp_repr = label_repr,
    .tp_doc = "A label; see pmtrace.label."};

/* ---- the label of a thread --------------------------------------------------- */

/* The id of a label's node in the stream that is being recorded. With
 * rec_lock. */
static uint32_t node_of(Label *label)
{
    uint32_t parent = 0;

    if (label->serial == rec_serial)
        return label->node;
    if (label->parent != NULL)
        parent = node_of(label->parent);
    label->node = rec_stack_label(parent, label->text,
                                  (size_t)label->ob_base.ob_size - 1);
    label->serial = label->node != 0 ? rec_serial : 0;
    return label->node;
}

/* The label of the running context, a new reference, or NULL. Allocates
 * nothing, leaves exceptions alone. */
static Label *current(void)
{
    PyObject *value = NULL;

    if (variable == NULL || PyContextVar_Get(variable, NULL, &value) != 0 ||
        value == NULL)
        return NULL;
    if (Py_TYPE(value) == &type)
        return (Label *)(void *)value;
    Py_DECREF(value);
    return NULL;
}

static void keep(struct rec_thread *t, const PyThreadState *ts, Label *label)
{
    uint32_t node = 0;

    if (label != NULL) {
        rec_lock();
        node = node_of(label);
        rec_unlock();
    }
    t->label = node;
    t->label_version = ts->context_ver;
    t->label_state = ts->id;
    t->label_serial = rec_serial;
}

void rec_label_look(struct rec_thread *t, const PyThreadState *ts)
{
    Label *label;

    if (ts->interp != interpreter) {
        keep(t, ts, NULL);
    } else if (cpy_thread_holding() == ts) {
        label = current();
        keep(t, ts, label);
        Py_XDECREF((PyObject *)label); /* the context holds it */
    } else if (t->label_state != ts->id || t->label_serial != rec_serial) {
        t->label = 0;
    }
}

/* ---- entering and leaving ------------------------------------------------------ */

static int prepare(void)
{
    if (variable != NULL)
        return 0;
    if (PyType_Ready(&type) != 0)
        return -1;
    variable = PyContextVar_New("pmtrace.label", NULL);
    if (variable == NULL)
        return -1;
    interpreter = cpy_thread_holding()->interp;
    __atomic_store_n(&rec_labels_used, true, __ATOMIC_RELEASE);
    return 0;
}

/* Makes it the label of the running context; NULL: none. */
static int set(Label *label)
{
    PyObject *token =
        PyContextVar_Set(variable, label != NULL ? (PyObject *)label
                                                 : Py_None);
    struct rec_thread *t;

    if (token == NULL)
        return -1;
    Py_DECREF(token);
    /* The context is the same as before, with another label. */
    t = rec_enter();
    if (t != NULL) {
        keep(t, cpy_thread_holding(), label);
        rec_leave(t);
    } else if (rec_self != NULL) {
        rec_self->label_version = 0; /* not recorded now: look later */
    }
    return 0;
}

static Label *new_label(PyObject *text, Label *parent)
{
    char bytes[BYTES_MAX];
    size_t n = cpy_text(text, bytes, sizeof bytes);
    Label *label;

    if (parent != NULL && parent->depth + 1 >= DEPTH_MAX) {
        PyErr_Format(PyExc_RuntimeError, "more than %d labels in each other",
                     DEPTH_MAX);
        return NULL;
    }
    label = PyObject_NewVar(Label, &type, (Py_ssize_t)n + 1);
    if (label == NULL)
        return NULL;
    memcpy(label->text, bytes, n);
    label->text[n] = '\0';
    label->depth = parent != NULL ? parent->depth + 1 : 0;
    label->serial = label->node = 0;
    Py_XINCREF((PyObject *)parent);
    label->parent = parent;
    return label;
}

PyDoc_STRVAR(enter_doc,
"label_enter(text) -> token\n\nBegins a label in the running context. The token\n"
"is for label_exit().");

static PyObject *label_enter(PyObject *module, PyObject *text)
{
    Label *parent, *label;

    (void)module;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a label must be a str");
        return NULL;
    }
    if (prepare() != 0)
        return NULL;
    parent = current();
    label = new_label(text, parent);
    Py_XDECREF((PyObject *)parent);
    if (label != NULL && set(label) != 0)
        Py_CLEAR(label);
    return (PyObject *)label;
}

PyDoc_STRVAR(exit_doc,
"label_exit(token)\n\nEnds the label, and those begun inside it that have not\n"
"ended. Does nothing in a context that does not have it.");

static PyObject *label_exit(PyObject *module, PyObject *token)
{
    Label *label = (Label *)(void *)token, *now, *inner;
    int failed = 0;

    (void)module;
    if (Py_TYPE(token) != &type) {
        PyErr_SetString(PyExc_TypeError, "not a token of label_enter()");
        return NULL;
    }
    now = current();
    for (inner = now; inner != NULL && inner != label;)
        inner = inner->parent;
    if (inner != NULL)
        failed = set(label->parent);
    Py_XDECREF((PyObject *)now);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

PyMethodDef rec_label_methods[] = {
    {"label_enter", label_enter, METH_O, enter_doc},
    {"label_exit", label_exit, METH_O, exit_doc},
    {NULL, NULL, 0, NULL}};
