/*
 * line.c - the mode `line` (line.h): by sys.monitoring where it is, else by a
 * trace function in each thread. Both give what a function given to
 * sys.settrace() is told, of all threads and frames.
 */
#include "line.h"

#include "event.h"
#include "monitor.h"
#include "profile.h"

/* Of spec 7.3. */
enum { LINE_LINE, LINE_CALL, LINE_RETURN, LINE_EXCEPTION, LINE_OPCODE };

#if CPY_HAS_MONITORING

static inline void note_at(unsigned what, PyCodeObject *code, int offset,
                           uint32_t b)
{
    const struct rec_event e = {PMT_KIND_LINE, what, code,
                                (uint32_t)(offset + 1), false, NULL};

    rec_event(&e, b);
}

/* Where an exception is on its way the frame knows better where it came from
 * than the event does. */
static inline void note_raised(unsigned what, PyObject *const *args)
{
    PyCodeObject *code = (PyCodeObject *)args[0];

    note_at(what, code, cpy_top_offset(code, (int)cpy_small_int(args[1])), 0);
}

#define HOOK(name)                                                         \
    static PyObject *name(PyObject *self, PyObject *const *args, size_t n, \
                          PyObject *names)
#define UNUSED() ((void)self, (void)n, (void)names)

HOOK(on_line)
{
    const struct rec_event e = {PMT_KIND_LINE, LINE_LINE,
                                (PyCodeObject *)args[0],
                                cpy_small_int(args[1]), true, NULL};

    UNUSED();
    rec_event(&e, 0);
    Py_RETURN_NONE;
}

HOOK(on_enter)
{
    UNUSED();
    note_at(LINE_CALL, (PyCodeObject *)args[0], (int)cpy_small_int(args[1]),
            0);
    Py_RETURN_NONE;
}

HOOK(on_leave)
{
    UNUSED();
    note_at(LINE_RETURN, (PyCodeObject *)args[0],
            (int)cpy_small_int(args[1]), 0);
    Py_RETURN_NONE;
}

HOOK(on_exception)
{
    note_raised(LINE_EXCEPTION, args);
    UNUSED();
    Py_RETURN_NONE;
}

HOOK(on_unwind)
{
    note_raised(LINE_RETURN, args);
    UNUSED();
    Py_RETURN_NONE;
}

HOOK(on_throw)
{
    note_raised(LINE_CALL, args);
    UNUSED();
    Py_RETURN_NONE;
}

HOOK(on_opcode)
{
    int offset = (int)cpy_small_int(args[1]);

    UNUSED();
    note_at(LINE_OPCODE, (PyCodeObject *)args[0], offset,
            (uint32_t)offset + 1);
    Py_RETURN_NONE;
}

/* sys.settrace() reports a line also where a jump goes back to the line it
 * comes from; sys.monitoring does not. Other jumps are not asked for again. */
static bool stays_on_line(PyObject *const *args)
{
    PyCodeObject *code = (PyCodeObject *)args[0];
    int from = (int)cpy_small_int(args[1]), to = (int)cpy_small_int(args[2]);

    return to <= from &&
           PyCode_Addr2Line(code, from) == PyCode_Addr2Line(code, to);
}

HOOK(on_jump)
{
    const struct rec_event e = {PMT_KIND_LINE, LINE_LINE,
                                (PyCodeObject *)args[0],
                                cpy_small_int(args[1]) + 1, false, NULL};

    struct rec_thread *t = rec_enter();
    bool known = t != NULL && rec_class_is_known(&e);

    UNUSED();
    if (t != NULL)
        rec_leave(t);
    /* The class of a jump is known only if it was found to stay. */
    if (!known && !stays_on_line(args))
        return rec_monitor_disable;
    rec_event(&e, 0);
    Py_RETURN_NONE;
}

/* The same for the floor. */
HOOK(pass_jump)
{
    UNUSED();
    if (!stays_on_line(args))
        return rec_monitor_disable;
    Py_RETURN_NONE;
}

#define HOOKS(line, enter, throw, leave, unwind, exception, jump)          \
    {"LINE", line}, {"PY_START", enter}, {"PY_RESUME", enter},             \
        {"PY_THROW", throw}, {"PY_RETURN", leave}, {"PY_YIELD", leave},    \
        {"PY_UNWIND", unwind}, {"RAISE", exception},                       \
        {"STOP_ITERATION", exception}, {"JUMP", jump}
#define OUR_HOOKS                                                          \
    HOOKS(on_line, on_enter, on_throw, on_leave, on_unwind, on_exception,  \
          on_jump)
#define PASS rec_monitor_pass
#define PASSING_HOOKS HOOKS(PASS, PASS, PASS, PASS, PASS, PASS, pass_jump)

static const struct rec_monitor_hook hooks[] = {OUR_HOOKS, {NULL, NULL}};

static const struct rec_monitor_hook opcode_hooks[] = {
    OUR_HOOKS, {"INSTRUCTION", on_opcode}, {NULL, NULL}};

static const struct rec_monitor_hook passing_hooks[] = {
    PASSING_HOOKS, {NULL, NULL}};

static struct rec_monitor monitor;

static int put_in(bool floor)
{
    /* The floor is that of the default settings. */
    if (floor)
        return rec_monitor_install(&monitor, passing_hooks);
    return rec_monitor_install(&monitor,
                               rec_set.opcodes ? opcode_hooks : hooks);
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

static int on_trace(PyObject *object, PyFrameObject *frame, int event,
                    PyObject *arg)
{
    static const unsigned whats[] = {
        [PyTrace_CALL] = LINE_CALL,     [PyTrace_EXCEPTION] = LINE_EXCEPTION,
        [PyTrace_LINE] = LINE_LINE,     [PyTrace_RETURN] = LINE_RETURN,
        [PyTrace_OPCODE] = LINE_OPCODE, [PyTrace_C_CALL] = LINE_LINE,
    };
    const cpy_frame *f = cpy_frame_of(frame);
    PyCodeObject *code = cpy_frame_code(f);
    uint32_t place = (uint32_t)(cpy_frame_offset(f, code) + 1);
    uint32_t line = cpy_traced_line(frame);
    const struct rec_event e = {PMT_KIND_LINE, whats[event], code,
                                line != 0 ? line : place, line != 0, NULL};

    if (rec_set.opcodes)
        cpy_ask_opcodes(frame);
    rec_event(&e, event == PyTrace_OPCODE ? place : 0);
    if (object != NULL)
        return rec_profile_below(true, object, frame, event, arg);
    return 0;
}

static int on_trace_floor(PyObject *object, PyFrameObject *frame, int event,
                          PyObject *arg)
{
    if (object != NULL)
        return rec_profile_below(true, object, frame, event, arg);
    return 0;
}

static int put_in(bool floor)
{
    return rec_profile_install(true, floor ? on_trace_floor : on_trace);
}

static void take_out(void)
{
    rec_profile_uninstall(true);
}

static bool is_in(void)
{
    return rec_profile_is_in(true);
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
    rec_event_check("line", is_in());
}

const struct rec_mode rec_mode_line = {
    .name = "line", .bit = REC_MODE_LINE, .install = install, .end = end,
    .uninstall = uninstall, .renew = rec_event_renew};
