/*
 * cpython-cfunction.c - the name of a C function: its module, and for a method
 * the class that defines it (cpython.h).
 */
#include "cpython.h"

#include <string.h>

static size_t put_text(const char *text, size_t n, char *buffer, size_t cap)
{
    if (n > cap)
        n = cap;
    memcpy(buffer, text, n);
    return n;
}

static bool defines(const PyTypeObject *type, const PyMethodDef *def)
{
    const PyMethodDef *m = type->tp_methods;

    while (m != NULL && m->ml_name != NULL && m != def)
        m++;
    return m == def && def != NULL;
}

/* The class that defines a method of objects of `type`, or NULL. */
static PyTypeObject *defining_type(PyTypeObject *type, const PyMethodDef *def)
{
    PyObject *mro = type->tp_mro;

    for (Py_ssize_t i = 0;
         mro != NULL && PyTuple_Check(mro) && i < PyTuple_GET_SIZE(mro);
         i++) {
        PyObject *base = PyTuple_GET_ITEM(mro, i);

        if (PyType_Check(base) && defines((PyTypeObject *)base, def))
            return (PyTypeObject *)base;
    }
    return NULL;
}

/* Where the name after the last dot begins in tp_name. */
static size_t module_of_static(const PyTypeObject *type)
{
    const char *dot = strrchr(type->tp_name, '.');

    return dot != NULL ? (size_t)(dot - type->tp_name) : 0;
}

/* "Type.method" and the type's module. */
static void name_method(PyTypeObject *type, const char *method, char *name,
                        size_t *name_bytes, char *module,
                        size_t *module_bytes, size_t cap)
{
    size_t used;

    if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        *module_bytes = cpy_text(cpy_type_module(type), module, cap);
        used = cpy_text(((PyHeapTypeObject *)type)->ht_qualname, name, cap);
    } else {
        size_t n = module_of_static(type);
        const char *last = type->tp_name + n + (n > 0);

        *module_bytes = n > 0 ? put_text(type->tp_name, n, module, cap)
                              : put_text("builtins", 8, module, cap);
        used = put_text(last, strlen(last), name, cap);
    }
    used += put_text(".", 1, name + used, cap - used);
    used += put_text(method, strlen(method), name + used, cap - used);
    *name_bytes = used;
}

void cpy_function_name(PyObject *callable, char *name, size_t *name_bytes,
                       char *module, size_t *module_bytes, size_t cap)
{
    PyMethodDef *def = cpy_definition(callable);
    PyTypeObject *type = NULL;
    PyObject *self;

    if (!PyCFunction_Check(callable)) {
        type = PyDescr_TYPE(callable);
    } else {
        self = ((PyCFunctionObject *)callable)->m_self;
        if (self != NULL && PyType_Check(self)) {
            type = defining_type((PyTypeObject *)self, def);
            if (type == NULL && def == cpy_definition_of_new)
                type = (PyTypeObject *)self;
        }
        if (type == NULL && self != NULL && !PyModule_Check(self)) {
            type = defining_type(Py_TYPE(self), def);
            if (type == NULL &&
                ((PyCFunctionObject *)callable)->m_module == NULL)
                type = Py_TYPE(self);
        }
    }
    if (type != NULL) {
        name_method(type, def->ml_name, name, name_bytes, module,
                    module_bytes, cap);
        return;
    }
    *name_bytes = put_text(def->ml_name, strlen(def->ml_name), name, cap);
    *module_bytes = cpy_text(((PyCFunctionObject *)callable)->m_module,
                             module, cap);
}
