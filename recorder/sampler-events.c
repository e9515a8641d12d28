/*
 * sampler-events.c - sampler-events.h by Linux's process events connector
 * (Documentation/driver-api/connector.rst) and pidfd_open(2).
 */
#include "sampler-events.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __linux__

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define ROOM_BYTES (4 << 20)   /* events that may wait: some 20,000 */

/* What is sent to the connector, and received. */
struct message {
    struct nlmsghdr header;
    /* A struct cn_msg, whose end of no certain size can't stand within. */
    struct {
        struct cb_id id;
        uint32_t seq, ack;
        uint16_t len, flags;
    } connector;
    union {
        enum proc_cn_mcast_op op;
        struct proc_event event;
    };
} __attribute__((packed));

_Static_assert(offsetof(struct message, op) ==
                   sizeof(struct nlmsghdr) + sizeof(struct cn_msg),
               "laid out as linux/connector.h has it");

static int send_op(int fd, enum proc_cn_mcast_op op)
{
    struct message m;
    size_t bytes = offsetof(struct message, op) + sizeof m.op;

    memset(&m, 0, sizeof m);
    m.header.nlmsg_len = (uint32_t)bytes;
    m.header.nlmsg_type = NLMSG_DONE;
    m.connector.id.idx = CN_IDX_PROC;
    m.connector.id.val = CN_VAL_PROC;
    m.connector.len = sizeof m.op;
    m.op = op;
    return send(fd, &m, bytes, 0) == (ssize_t)bytes ? 0 : -1;
}

/* Whether it is answered: in a namespace of its own nothing ever comes. */
static bool is_heard(int fd)
{
    for (int tries = 0; tries < 50; tries++) {
        struct message m;
        ssize_t n = recv(fd, &m, sizeof m, MSG_DONTWAIT);

        if (n >= (ssize_t)offsetof(struct message, event) + 8 &&
            m.event.what == 0) /* PROC_EVENT_NONE: an answer */
            return m.event.event_data.ack.err == 0;
        if (n < 0)
            usleep(1000);
    }
    return false;
}

int sampler_events_open(void)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = CN_IDX_PROC};
    int fd = socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    NETLINK_CONNECTOR);
    int room = ROOM_BYTES;

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send_op(fd, PROC_CN_MCAST_LISTEN) == 0) {
        if (is_heard(fd))
            return fd;
        errno = EPERM;
    }
    room = errno;
    close(fd);
    errno = room;
    return -1;
}

/* An event of a whole process; those of threads are passed over. */
static void give(const struct proc_event *e, sampler_take_event *take,
                 void *to)
{
    struct sampler_event event = {.type = SAMPLER_EVENT_FORK};

    switch ((unsigned)e->what) {
    case 0x1: /* PROC_EVENT_FORK */
        if (e->event_data.fork.child_pid != e->event_data.fork.child_tgid)
            return;
        event.pid = e->event_data.fork.child_pid;
        event.parent = e->event_data.fork.parent_tgid;
        break;
    case 0x2: /* PROC_EVENT_EXEC */
        event.type = SAMPLER_EVENT_EXEC;
        event.pid = e->event_data.exec.process_tgid;
        break;
    case 0x80000000: /* PROC_EVENT_EXIT */
        if (e->event_data.exit.process_pid != e->event_data.exit.process_tgid)
            return;
        event.type = SAMPLER_EVENT_EXIT;
        event.pid = e->event_data.exit.process_pid;
        event.status = (int)e->event_data.exit.exit_code;
        break;
    default:
        return;
    }
    take(to, &event);
}

void sampler_events_read(int fd, sampler_take_event *take, void *to)
{
    const struct sampler_event lost = {.type = SAMPLER_EVENT_LOST};

    for (;;) {
        struct message m;
        struct sockaddr_nl from = {0};
        socklen_t bytes = sizeof from;
        ssize_t n = recvfrom(fd, &m, sizeof m, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &bytes);

        if (n < 0 && errno == ENOBUFS)
            take(to, &lost);
        else if (n < 0 && errno != EINTR)
            return;
        else if (n >= (ssize_t)offsetof(struct message, event) + 24 &&
                 from.nl_pid == 0) { /* the kernel's */
            struct proc_event event;

            memcpy(&event, (char *)&m + offsetof(struct message, event),
                   sizeof event);
            give(&event, take, to);
        }
    }
}

int sampler_descriptor_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool sampler_descriptor_status(int fd, int *status)
{
    /* struct pidfd_info of linux/pidfd.h, its first version. */
    struct {
        uint64_t mask, cgroup;
        uint32_t ids[11];
        int32_t exit_code;
    } info = {.mask = 8}; /* PIDFD_INFO_EXIT */

    if (ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, sizeof info),
              &info) != 0 ||
        !(info.mask & 8))
        return false;
    *status = info.exit_code;
    return true;
}

void sampler_become_reaper(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

#else

int sampler_events_open(void)
{
    errno = ENOSYS;
    return -1;
}

void sampler_events_read(int fd, sampler_take_event *take, void *to)
{
    (void)fd;
    (void)take;
    (void)to;
}

int sampler_descriptor_open(pid_t pid)
{
    (void)pid;
    errno = ENOSYS;
    return -1;
}

bool sampler_descriptor_status(int fd, int *status)
{
    (void)fd;
    (void)status;
    return false;
}

void sampler_become_reaper(void)
{
}

#endif
