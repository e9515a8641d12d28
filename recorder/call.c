/*
 * call.c - the mode `call` (call.h): by sys.monitoring where it is, else by a
 * profile function in each thread.
 */
#include "call.h"

#include "event.h"
#include "monitor.h"
#include "profile.h"

/* Of spec 7.3. */
enum {
    CALL_CALL,
    CALL_RETURN,
    CALL_C_CALL,
    CALL_C_RETURN,
    CALL_C_EXCEPTION,
    CALL_RESUME,
    CALL_YIELD,
    CALL_UNWIND,
    CALL_THROW
};

static inline void note(unsigned what, PyCodeObject *code, int offset,
                        PyObject *callable)
{
    const struct rec_event e = {PMT_KIND_CALL, what, code,
                                (uint32_t)(offset + 1), false, callable};

    rec_event(&e, 0);
}

#if CPY_HAS_MONITORING

static inline PyObject *python_event(unsigned what, PyObject *const *args)
{
    note(what, (PyCodeObject *)args[0], (int)cpy_small_int(args[1]), NULL);
    Py_RETURN_NONE;
}

/* Where an exception is on its way the frame knows better where it came from
 * than the event does. */
static inline PyObject *raised_event(unsigned what, PyObject *const *args)
{
    PyCodeObject *code = (PyCodeObject *)args[0];

    note(what, code, cpy_top_offset(code, (int)cpy_small_int(args[1])), NULL);
    Py_RETURN_NONE;
}

/* What sys.setprofile() takes for a C function, and it alone. */
static inline PyObject *c_event(unsigned what, PyObject *const *args)
{
    PyObject *callable = args[2];

    if (PyCFunction_Check(callable) ||
        (Py_TYPE(callable) == &PyMethodDescr_Type &&
         args[3] != rec_monitor_missing))
        note(what, (PyCodeObject *)args[0], (int)cpy_small_int(args[1]),
             callable);
    Py_RETURN_NONE;
}

#define HOOK(name, make, what)                                             \
    static PyObject *name(PyObject *self, PyObject *const *args, size_t n, \
                          PyObject *names)                                 \
    {                                                                      \
        (void)self;                                                        \
        (void)n;                                                           \
        (void)names;                                                       \
        return make(what, args);                                           \
    }

HOOK(on_start, python_event, CALL_CALL)
HOOK(on_resume, python_event, CALL_RESUME)
HOOK(on_throw, raised_event, CALL_THROW)
HOOK(on_return, python_event, CALL_RETURN)
HOOK(on_yield, python_event, CALL_YIELD)
HOOK(on_unwind, raised_event, CALL_UNWIND)
HOOK(on_c_call, c_event, CALL_C_CALL)
HOOK(on_c_return, c_event, CALL_C_RETURN)
HOOK(on_c_raise, c_event, CALL_C_EXCEPTION)

#define PYTHON_HOOKS(start, resume, throw, return_, yield, unwind)        \
    {"PY_START", start}, {"PY_RESUME", resume}, {"PY_THROW", throw},      \
        {"PY_RETURN", return_}, {"PY_YIELD", yield}, {"PY_UNWIND", unwind}

static const struct rec_monitor_hook hooks[] = {
    PYTHON_HOOKS(on_start, on_resume, on_throw, on_return, on_yield,
                 on_unwind),
    {"CALL", on_c_call},
    {"C_RETURN", on_c_return},
    {"C_RAISE", on_c_raise},
    {NULL, NULL}};

static const struct rec_monitor_hook python_hooks[] = {
    PYTHON_HOOKS(on_start, on_resume, on_throw, on_return, on_yield,
                 on_unwind),
    {NULL, NULL}};

#define PASS rec_monitor_pass
static const struct rec_monitor_hook passing_hooks[] = {
    PYTHON_HOOKS(PASS, PASS, PASS, PASS, PASS, PASS),
    {"CALL", PASS},
    {"C_RETURN", PASS},
    {"C_RAISE", PASS},
    {NULL, NULL}};

static struct rec_monitor monitor;

static int put_in(bool floor)
{
    /* The floor is that of the default settings. */
    if (floor)
        return rec_monitor_install(&monitor, passing_hooks);
    return rec_monitor_install(&monitor,
                               rec_set.c_calls ? hooks : python_hooks);
}

static void take_out(void)
{
    rec_monitor_uninstall(&monitor);
}

static bool is_in(void)
{
    return rec_monitor_is_in(&monitor);
}

#else

static unsigned what_of(const cpy_frame *f, int event, const PyObject *arg)
{
    static const unsigned entered[] = {[CPY_ENTRY_CALL] = CALL_CALL,
                                       [CPY_ENTRY_RESUME] = CALL_RESUME,
                                       [CPY_ENTRY_THROW] = CALL_THROW};

    switch (event) {
    case PyTrace_CALL:
        return entered[cpy_entry_of(f)];
    case PyTrace_RETURN:
        if (arg == NULL)
            return CALL_UNWIND;
        return cpy_frame_yields(f) ? CALL_YIELD : CALL_RETURN;
    case PyTrace_C_CALL:
        return CALL_C_CALL;
    case PyTrace_C_RETURN:
        return CALL_C_RETURN;
    default:
        return CALL_C_EXCEPTION;
    }
}

static int on_profile(PyObject *object, PyFrameObject *frame, int event,
                      PyObject *arg)
{
    const cpy_frame *f = cpy_frame_of(frame);
    PyCodeObject *code = cpy_frame_code(f);
    bool is_c = event == PyTrace_C_CALL || event == PyTrace_C_RETURN ||
                event == PyTrace_C_EXCEPTION;

    if (!is_c)
        note(what_of(f, event, arg), code, cpy_frame_offset(f, code), NULL);
    else if (rec_set.c_calls && arg != NULL && PyCFunction_Check(arg))
        note(what_of(f, event, arg), code, cpy_frame_offset(f, code), arg);
    if (object != NULL)
        return rec_profile_below(false, object, frame, event, arg);
    return 0;
}

static int on_profile_floor(PyObject *object, PyFrameObject *frame, int event,
                            PyObject *arg)
{
    if (object != NULL)
        return rec_profile_below(false, object, frame, event, arg);
    return 0;
}

static int put_in(bool floor)
{
    return rec_profile_install(false, floor ? on_profile_floor : on_profile);
}

static void take_out(void)
{
    rec_profile_uninstall(false);
}

static bool is_in(void)
{
    return rec_profile_is_in(false);
}

#endif

static int install(bool floor)
{
    return rec_event_install(put_in, floor);
}

static void uninstall(void)
{
    take_out();
    rec_event_uninstall();
}

static void end(void)
{
    rec_event_check("call", is_in());
}

const struct rec_mode rec_mode_call = {
    .name = "call", .bit = REC_MODE_CALL, .install = install, .end = end,
    .uninstall = uninstall, .renew = rec_event_renew};
