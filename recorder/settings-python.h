/*
 * settings-python.h - settings from a Python dict.
 */
#ifndef REC_SETTINGS_PYTHON_H
#define REC_SETTINGS_PYTHON_H

#include "cpython.h"
#include "settings.h"

/* Sets what the dict has a key for, and 0 or empty what it has none for; other
 * keys are passed over. 0, or -1 with a Python exception. */
int rec_settings_from_dict(struct rec_settings *s, PyObject *dict);

#endif
