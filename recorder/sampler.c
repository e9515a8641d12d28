/*
 * sampler.c - who is watched, and the loop (sampler.h).
 */
#include "sampler.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pmt/journal.h"
#include "prompt.h"
#include "sampler-events.h"
#include "sampler-private.h"

#define SCAN_NS UINT64_C(5000000) /* between looks for new processes */
#define FILES_SPARED 64           /* descriptors not used up */

/* ---- who is watched ---------------------------------------------------------- */

/* Where `pid` is in the list, or would be. */
static size_t place_of(const struct sampler *s, pid_t pid)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (s->list[middle]->pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct sampled *sampler_find(const struct sampler *s, pid_t pid)
{
    size_t at = place_of(s, pid);

    return at < s->count && s->list[at]->pid == pid ? s->list[at] : NULL;
}

static bool make_room(struct sampler *s)
{
    size_t room = s->room ? s->room * 2 : 64;
    void *list;

    if (s->count < s->room)
        return true;
    list = realloc(s->list, room * sizeof *s->list);
    if (list == NULL)
        return false;
    s->list = list;
    s->room = room;
    return true;
}

static unsigned files_of(const struct sampler *s)
{
    unsigned n = 1;

    for (unsigned g = REC_PROC_MEMORY; g <= REC_PROC_IO; g <<= 1)
        n += (s->o.groups & g) != 0;
    return n;
}

struct sampled *sampler_watch(struct sampler *s, pid_t pid, pid_t parent,
                              unsigned op, unsigned how)
{
    size_t at = place_of(s, pid);
    struct sampled *p;
    bool known;

    if ((at < s->count && s->list[at]->pid == pid) || !make_room(s) ||
        (p = calloc(1, sizeof *p)) == NULL)
        return NULL;
    p->pid = pid;
    p->parent = parent;
    p->descriptor = -1;
    rec_proc_init(&p->proc, pid, s->o.groups, s->files_left >= files_of(s));
    if (p->proc.keep)
        s->files_left -= files_of(s);
    memmove(s->list + at + 1, s->list + at,
            (s->count - at) * sizeof *s->list);
    s->list[at] = p;
    s->count++;
    known = rec_proc_about(pid, &s->about) == 0;
    if (known) {
        p->started_ns = s->about.started_ns;
        p->image = s->about.image;
        p->parent = how == PMT_HOW_EVENT ? parent : s->about.parent;
        if (op == PMT_PROCESS_STARTED && how == PMT_HOW_LOOK &&
            p->started_ns + 10000000 < s->begun_boot_ns)
            op = PMT_PROCESS_FOUND;
        else if (op == PMT_PROCESS_FOUND && how == PMT_HOW_CHILDREN &&
                 (s->o.own || p->started_ns >= s->begun_boot_ns))
            op = PMT_PROCESS_STARTED;
    }
    s->counts.started += op == PMT_PROCESS_STARTED;
    sampler_tell(s, p, op, how, known ? &s->about : NULL, NULL);
    return p;
}

void sampler_end_of(struct sampler *s, struct sampled *p, unsigned op,
                    unsigned how)
{
    size_t at = place_of(s, p->pid);

    sampler_tell(s, p, op, how, NULL, NULL);
    s->counts.ended += op != PMT_PROCESS_LEFT;
    s->ended[s->ended_next++ % (sizeof s->ended / sizeof *s->ended)] = p->pid;
    if (p->proc.keep)
        s->files_left += files_of(s);
    rec_proc_release(&p->proc);
    if (p->descriptor >= 0)
        close(p->descriptor);
    memmove(s->list + at, s->list + at + 1,
            (s->count - at - 1) * sizeof *s->list);
    s->count--;
    free(p);
}

/* ---- telling ----------------------------------------------------------------- */

void sampler_set_moment(struct sampler *s)
{
    s->time_ns = pmt_clock_mono_ns() - s->begun_ns;
    if (s->o.trace != NULL)
        s->moment = sampler_trace_now(s->o.trace);
}

static struct pmt_text text_of(const char *text)
{
    return (struct pmt_text){text, text ? (uint32_t)strlen(text) : 0};
}

static uint64_t add_to_hash(uint64_t hash, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t sampler_hash(const struct rec_proc_about *about)
{
    uint64_t hash = add_to_hash(UINT64_C(0xcbf29ce484222325),
                                about->executable,
                                strlen(about->executable));

    return add_to_hash(hash, about->argv, about->argv_bytes);
}

static uint32_t status_of(const struct sampled *p)
{
    if (!p->has_status)
        return 0;
    return WIFSIGNALED(p->status) ? PMT_STATUS_SIGNAL(WTERMSIG(p->status))
                                  : PMT_STATUS_EXIT(WEXITSTATUS(p->status));
}

void sampler_tell(struct sampler *s, struct sampled *p, unsigned op,
                  unsigned how, const struct rec_proc_about *about,
                  const char *note)
{
    struct pmt_process record = {
        .time = s->moment,
        .pid = (uint64_t)p->pid,
        .ppid = (uint64_t)p->parent,
        .started_ns = p->started_ns,
        .status = op == PMT_PROCESS_EXITED ? status_of(p) : 0,
        .op = (uint8_t)op,
        .how = (uint8_t)how,
        .note = text_of(note),
    };

    if (about != NULL) {
        p->program = sampler_hash(about);
        record.executable = text_of(about->executable);
        record.name = text_of(about->name);
    }
    if (s->o.trace != NULL)
        sampler_trace_process(s->o.trace, &record, about);
    if (s->o.view != NULL && s->o.view->process != NULL)
        s->o.view->process(s->o.to, p, &record, about, s->time_ns);
}

/* ---- making ------------------------------------------------------------------ */

static bool listen_to(struct sampler *s, int fd, uint64_t word)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = word};

    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* What a descriptor in the epoll set is; pids are smaller. */
#define IS_TICK (UINT64_C(1) << 32)
#define IS_SCAN (UINT64_C(2) << 32)
#define IS_SIGNAL (UINT64_C(3) << 32)
#define IS_EVENTS (UINT64_C(4) << 32)

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000u),
                             (long)(ns % 1000000000u)};
}

static void set_timer(int fd, uint64_t at_ns, uint64_t every_ns)
{
    const struct itimerspec spec = {.it_value = timespec_of(at_ns),
                                    .it_interval = timespec_of(every_ns)};

    timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void count_files_left(struct sampler *s)
{
    struct rlimit limit;

    s->files_left = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur > FILES_SPARED)
        s->files_left = limit.rlim_cur > 1000000
                            ? 1000000
                            : (unsigned)limit.rlim_cur - FILES_SPARED;
}

int sampler_new(struct sampler **out, const struct sampler_options *options)
{
    struct sampler *s = calloc(1, sizeof *s);
    struct timespec boot;

    *out = s;
    if (s == NULL)
        return ENOMEM;
    s->o = *options;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->tick = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    s->scan = -1;
    if (s->o.tree && s->o.events < 0)
        s->scan = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->epoll < 0 || s->tick < 0 || !listen_to(s, s->tick, IS_TICK) ||
        (s->scan >= 0 && !listen_to(s, s->scan, IS_SCAN)) ||
        (s->o.events >= 0 && !listen_to(s, s->o.events, IS_EVENTS)))
        return errno;
    count_files_left(s);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    s->begun_boot_ns = (uint64_t)boot.tv_sec * 1000000000u +
                       (uint64_t)boot.tv_nsec;
    s->begun_ns = pmt_clock_mono_ns();
    s->last_pid = rec_proc_last_pid();
    s->scanned_ns = s->begun_ns;
    rec_proc_init(&s->self, 0, REC_PROC_MEMORY | REC_PROC_CPU, true);
    return 0;
}

void sampler_free(struct sampler *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++) {
        rec_proc_release(&s->list[i]->proc);
        if (s->list[i]->descriptor >= 0)
            close(s->list[i]->descriptor);
        free(s->list[i]);
    }
    rec_proc_release(&s->self);
    rec_proc_end_look();
    if (s->epoll >= 0)
        close(s->epoll);
    if (s->tick >= 0)
        close(s->tick);
    if (s->scan >= 0)
        close(s->scan);
    free(s->list);
    free(s);
}

int sampler_add(struct sampler *s, pid_t pid, bool started)
{
    struct sampled *p = sampler_find(s, pid);
    uint64_t started_ns;
    pid_t parent;

    sampler_set_moment(s);
    if (p == NULL && rec_proc_origin(pid, &parent, &started_ns) == 0)
        p = sampler_watch(s, pid, parent,
                          started ? PMT_PROCESS_STARTED : PMT_PROCESS_FOUND,
                          PMT_HOW_NAMED);
    if (p == NULL)
        return ESRCH;
    p->named = true;
    if (started)
        s->program = pid;
    if (s->o.tree)
        sampler_find_descendants(s, p);
    return 0;
}

bool sampler_program_status(const struct sampler *s, int *status)
{
    *status = s->program_status;
    return s->program_ended;
}

void sampler_counts(const struct sampler *s, struct sampler_counts *out)
{
    *out = s->counts;
}

/* ---- the loop ---------------------------------------------------------------- */

/* Descriptors of those that have none yet: for those that live up to a look. */
static void follow_ends(struct sampler *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct sampled *p = s->list[i];

        if (p->tried)
            continue;
        p->tried = true;
        if (s->files_left == 0)
            continue;
        p->descriptor = sampler_descriptor_open(p->pid);
        if (p->descriptor >= 0)
            listen_to(s, p->descriptor, (uint64_t)p->pid);
    }
}

static void take_tick(struct sampler *s)
{
    uint64_t expired, now;

    if (read(s->tick, &expired, sizeof expired) != sizeof expired)
        return;
    /* Whoever began or ended up to now is known first. */
    if (s->o.events >= 0)
        sampler_take_events(s);
    else if (s->o.tree)
        sampler_find_new(s);
    now = pmt_clock_mono_ns();
    follow_ends(s);
    sampler_look(s, now > s->due_ns ? now - s->due_ns : 0);
    s->due_ns += s->o.interval_ns;
    now = pmt_clock_mono_ns();
    if (now > s->due_ns) {
        uint64_t over = (now - s->due_ns) / s->o.interval_ns + 1;

        s->counts.missed_ticks += over;
        s->due_ns += over * s->o.interval_ns;
    }
    set_timer(s->tick, s->due_ns, 0);
}

static bool take_signals(struct sampler *s, int signals,
                         sampler_on_signal *on_signal, void *to)
{
    struct signalfd_siginfo info;
    bool stop = false;

    while (read(signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            sampler_reap(s);
        else
            stop |= on_signal(to, (int)info.ssi_signo,
                              info.ssi_code == SI_KERNEL);
    }
    return stop;
}

void sampler_wait(struct sampler *s, int signals,
                  sampler_on_signal *on_signal, void *to)
{
    struct pollfd ask = {.fd = signals, .events = POLLIN};

    poll(&ask, 1, -1);
    s->o.tree = false; /* whoever ends now was let go */
    take_signals(s, signals, on_signal, to);
}

/* Whether somebody is still watched who was wanted. */
static bool is_over(const struct sampler *s)
{
    return s->program != 0 ? s->program_ended : s->count == 0;
}

/*
 * The descriptor of a process says that it has ended. How it ended is in the
 * exit event, which the kernel sends after that (do_exit() in kernel/exit.c:
 * exit_notify(), then proc_exit_connector()), when its parent may have taken
 * the status already: so the event is waited for, or the next look ends it.
 * It has come already where the first thread ended before the others did.
 */
static void take_descriptor(struct sampler *s, pid_t pid)
{
    struct sampled *p;

    if (s->o.events >= 0)
        sampler_take_events(s);
    p = sampler_find(s, pid);
    if (p == NULL)
        return;
    if (p->pid == s->program || (s->o.events >= 0 && !p->has_status)) {
        epoll_ctl(s->epoll, EPOLL_CTL_DEL, p->descriptor, NULL);
    } else {
        sampler_set_moment(s);
        sampler_take_end(s, p);
    }
}

static void take_ready(struct sampler *s, uint64_t word)
{
    uint64_t expired;

    if (word == IS_TICK) {
        take_tick(s);
    } else if (word == IS_EVENTS) {
        sampler_take_events(s);
    } else if (word == IS_SCAN) {
        if (read(s->scan, &expired, sizeof expired) > 0)
            sampler_find_new(s);
    } else if (word < IS_TICK) {
        take_descriptor(s, (pid_t)word);
    }
}

enum sampler_end sampler_run(struct sampler *s, int signals,
                             sampler_on_signal *on_signal, void *to)
{
    enum sampler_end end = SAMPLER_ENDED;
    uint64_t until = s->o.duration_ns ? s->begun_ns + s->o.duration_ns : 0;
    bool stop = false;

    if (!listen_to(s, signals, IS_SIGNAL))
        return SAMPLER_STOPPED;
    rec_be_prompt(); /* the program was forked before */
    s->due_ns = pmt_clock_mono_ns();
    set_timer(s->tick, s->due_ns, 0);
    if (s->scan >= 0)
        set_timer(s->scan, s->due_ns,
                  s->o.interval_ns < SCAN_NS ? s->o.interval_ns : SCAN_NS);
    while (!is_over(s) && !stop) {
        struct epoll_event ready[64];
        uint64_t now = pmt_clock_mono_ns();
        int wait_ms = until == 0  ? -1
                      : until > now ? (int)((until - now) / 1000000 + 1)
                                    : 0;
        int n = epoll_wait(s->epoll, ready, 64, wait_ms);

        for (int i = 0; i < n; i++) {
            if (ready[i].data.u64 == IS_SIGNAL)
                stop |= take_signals(s, signals, on_signal, to);
            else
                take_ready(s, ready[i].data.u64);
        }
        if (until != 0 && pmt_clock_mono_ns() >= until)
            break;
    }
    if (!is_over(s))
        end = stop ? SAMPLER_STOPPED : SAMPLER_TIME;
    sampler_set_moment(s);
    while (s->count > 0) /* whoever lives on */
        sampler_end_of(s, s->list[s->count - 1], PMT_PROCESS_LEFT,
                       PMT_HOW_LOOK);
    return end;
}
