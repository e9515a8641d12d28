/*
 * signals.c - signals that ask the recorder for something (signals.h).
 */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>

#include "recording.h"

static struct {
    int number;              /* atomic; also of one that was given back, for
                              * a handler that is inside still; 0: none */
    uint32_t is_caught;      /* atomic */
    uint32_t asked;          /* atomic */
    struct sigaction before;
} caught[REC_SIGNALS];

/* Async-signal-safe. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    for (int i = 0; i < REC_SIGNALS; i++) {
        const struct sigaction *before = &caught[i].before;

        if (__atomic_load_n(&caught[i].number, __ATOMIC_ACQUIRE) != number)
            continue;
        if (__atomic_load_n(&caught[i].is_caught, __ATOMIC_ACQUIRE))
            __atomic_store_n(&caught[i].asked, 1, __ATOMIC_RELEASE);
        if (rec_phase() == REC_PHASE_RUNNING)
            rec_recording_wake();
        if (before->sa_flags & SA_SIGINFO)
            before->sa_sigaction(number, info, context);
        else if (before->sa_handler != SIG_DFL &&
                 before->sa_handler != SIG_IGN)
            before->sa_handler(number);
    }
    errno = saved;
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) &&
           action->sa_sigaction == on_signal;
}

int rec_signal_catch(enum rec_signal what, int number)
{
    struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_RESTART |
                                         SA_ONSTACK};
    struct sigaction now;

    __atomic_store_n(&caught[what].asked, 0, __ATOMIC_RELEASE);
    if (number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
        number == SIGILL || number == SIGKILL || number == SIGSTOP ||
        sigaction(number, NULL, &now) != 0)
        return -1;
    for (int i = 0; i < REC_SIGNALS; i++)
        if (caught[i].number == number)
            __atomic_store_n(&caught[i].number, 0, __ATOMIC_RELEASE);
    if (!is_ours(&now))
        caught[what].before = now;
    __atomic_store_n(&caught[what].number, number, __ATOMIC_RELEASE);
    __atomic_store_n(&caught[what].is_caught, 1, __ATOMIC_RELEASE);
    if (is_ours(&now))
        return 0;
    ours.sa_sigaction = on_signal;
    sigemptyset(&ours.sa_mask);
    sigaction(number, &ours, NULL);
    return 0;
}

void rec_signal_release(enum rec_signal what)
{
    struct sigaction now;

    if (!caught[what].is_caught)
        return;
    __atomic_store_n(&caught[what].is_caught, 0, __ATOMIC_RELEASE);
    if (sigaction(caught[what].number, NULL, &now) == 0 && is_ours(&now))
        sigaction(caught[what].number, &caught[what].before, NULL);
}

bool rec_signal_take(enum rec_signal what)
{
    return __atomic_exchange_n(&caught[what].asked, 0, __ATOMIC_ACQUIRE);
}
