/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sentences are collected in warning, one after the other. */
static void warn(struct err *warning, const char *what, const char *why)
{
	struct err last = *warning;

	err_set(warning, "%s%s%s: %s", last.text, last.text[0] ? "; " : "", what, why);
}

/* ---- capabilities ---- */

void sandbox_forbid_dumps(void)
{
	const struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}

int sandbox_drop_rights(bool all, struct err *err)
{
	static const unsigned kept[] = {
		CAP_SYS_TIME,	      /* steps and rates */
		CAP_NET_BIND_SERVICE, /* a commit may listen on one more port */
	};
	bool had[sizeof kept / sizeof kept[0]];
	bool bounding;

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (capng_get_caps_process() != 0) {
		err_set(err, "capabilities cannot be read: %s", strerror(errno));
		return -EPERM;
	}
	for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++)
		had[i] = !all && capng_have_capability(CAPNG_EFFECTIVE, kept[i]);
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (had[i])
			(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
	}
	/* The ambient ones go with the inheritable ones. */
	if (capng_apply(bounding ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0) {
		err_set(err, "capabilities could not be given up");
		return -EPERM;
	}
	return 0;
}

/* ---- system calls ---- */

enum rule {
	ALLOW,
	ALLOW_DATA,   /* memory that is not code */
	ALLOW_THREAD, /* a thread, not a process */
	ALLOW_SELF,   /* the first argument is this process */
	ALLOW_SOCKET, /* UDP and rtnetlink */
	KILL,	      /* nobody but an intruder asks for this */
};

/*
 * What is not here does not exist (ENOSYS), so that a newer C library finds its way around; what
 * only an intruder would ask for ends the process.
 */
static const struct {
	const char *name;
	enum rule rule;
} calls[] = {
	/* the protocol thread: packets */
	{"poll", ALLOW},	  /* the loop */
	{"ppoll", ALLOW},	  /* poll where there is no poll */
	{"recvmsg", ALLOW},	  /* packets, stamps, answers of rtnetlink */
	{"recvfrom", ALLOW},	  /* news of rtnetlink, the control socket */
	{"sendmsg", ALLOW},	  /* packets */
	{"sendto", ALLOW},	  /* questions to rtnetlink, the control socket */
	{"socket", ALLOW_SOCKET}, /* a port for asking, a carrier of memberships, a dump of links */
	{"bind", ALLOW},	  /* the same */
	{"setsockopt", ALLOW},	  /* memberships, what is to be told of packets */
	{"getsockopt", ALLOW},	  /* a pending error, who a peer is */
	{"getsockname", ALLOW},	  /* the C library's if_nameindex */
	/* the protocol thread: clock */
	{"clock_gettime", ALLOW}, /* where the kernel does not let us read it by ourselves */
	{"clock_getres", ALLOW},
	{"gettimeofday", ALLOW},
	{"time", ALLOW},
	{"clock_adjtime", ALLOW}, /* the reason why we are here */
	{"adjtimex", ALLOW},	  /* the same, as older C libraries call it */
	/* the desk: control socket */
	{"accept4", ALLOW}, /* a session begins */
	{"geteuid", ALLOW}, /* is it ours? */
	{"unlink", ALLOW},  /* the socket's name at the end */
	/* the desk: disk */
	{"openat", ALLOW}, /* landlock says where */
	{"open", ALLOW},
	{"read", ALLOW}, /* also the bells */
	{"write", ALLOW},
	{"writev", ALLOW}, /* the C library's last words */
	{"lseek", ALLOW},  /* listing a directory */
	{"fstat", ALLOW},
	{"stat", ALLOW},
	{"lstat", ALLOW}, /* is the control socket still ours? */
	{"newfstatat", ALLOW},
	{"statx", ALLOW},
	{"getdents64", ALLOW}, /* listing the history */
	{"fsync", ALLOW},      /* what is kept is on the disk */
	{"rename", ALLOW},     /* the new in place of the old, whole */
	{"renameat", ALLOW},
	{"renameat2", ALLOW},
	{"unlinkat", ALLOW}, /* a point of history is forgotten */
	{"fcntl", ALLOW},    /* close-on-exec, not blocking */
	{"close", ALLOW},
	/* memory */
	{"brk", ALLOW},
	{"mmap", ALLOW_DATA},
	{"mprotect", ALLOW_DATA},
	{"mremap", ALLOW},
	{"munmap", ALLOW},
	{"madvise", ALLOW},
	{"sysinfo", ALLOW},	      /* qsort: how large may its buffer be */
	{"sched_getaffinity", ALLOW}, /* malloc: how many arenas */
	{"getrandom", ALLOW},	      /* nonces, salts */
	/* threads */
	{"clone", ALLOW_THREAD}, /* the desk */
	{"futex", ALLOW},
	{"set_robust_list", ALLOW},
	{"rseq", ALLOW},
	{"rt_sigprocmask", ALLOW}, /* signals belong to the protocol thread */
	{"setpriority", ALLOW},	   /* the desk makes way */
	/* the end */
	{"rt_sigreturn", ALLOW}, /* after SIGTERM */
	{"rt_sigaction", ALLOW}, /* abort */
	{"restart_syscall", ALLOW},
	{"getpid", ALLOW},
	{"gettid", ALLOW},
	{"tgkill", ALLOW_SELF}, /* abort: a failed assertion says so */
	{"exit", ALLOW},
	{"exit_group", ALLOW},
	/* another program, another process */
	{"execve", KILL},
	{"execveat", KILL},
	{"fork", KILL},
	{"vfork", KILL},
	{"ptrace", KILL},
	{"process_vm_readv", KILL},
	{"process_vm_writev", KILL},
	{"pidfd_open", KILL},
	{"pidfd_getfd", KILL},
	{"kcmp", KILL},
	{"kill", KILL},
	{"tkill", KILL},
	/* out of here */
	{"connect", KILL},
	{"listen", KILL},
	{"socketpair", KILL},
	{"io_uring_setup", KILL},
	{"memfd_create", KILL},
	{"open_by_handle_at", KILL},
	{"name_to_handle_at", KILL},
	/* another self */
	{"setuid", KILL},
	{"setgid", KILL},
	{"setreuid", KILL},
	{"setregid", KILL},
	{"setresuid", KILL},
	{"setresgid", KILL},
	{"setgroups", KILL},
	{"setfsuid", KILL},
	{"setfsgid", KILL},
	{"capset", KILL},
	{"personality", KILL},
	/* another system */
	{"unshare", KILL},
	{"setns", KILL},
	{"chroot", KILL},
	{"pivot_root", KILL},
	{"mount", KILL},
	{"umount2", KILL},
	{"fsopen", KILL},
	{"move_mount", KILL},
	{"bpf", KILL},
	{"perf_event_open", KILL},
	{"userfaultfd", KILL},
	{"keyctl", KILL},
	{"add_key", KILL},
	{"request_key", KILL},
	{"init_module", KILL},
	{"finit_module", KILL},
	{"delete_module", KILL},
	{"kexec_load", KILL},
	{"kexec_file_load", KILL},
	{"reboot", KILL},
	{"swapon", KILL},
	{"swapoff", KILL},
	{"settimeofday", KILL},
	{"clock_settime", KILL},
	{"mknod", KILL},
	{"mknodat", KILL},
};

#define HAS(arg, mask, value) SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, (mask), (value))
#define IS(arg, value) SCMP_CMP(arg, SCMP_CMP_EQ, (value), 0)

static int add_socket(scmp_filter_ctx f, int call)
{
	const uint64_t type = ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 2, IS(0, AF_INET),
				 HAS(1, type, SOCK_DGRAM));

	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 2, IS(0, AF_INET6),
				     HAS(1, type, SOCK_DGRAM));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 3, IS(0, AF_NETLINK),
				     HAS(1, type, SOCK_RAW), IS(2, 0));
	return r;
}

static int add_rule(scmp_filter_ctx f, int call, enum rule rule)
{
	int r;

	switch (rule) {
	case ALLOW:
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 0);
	case ALLOW_DATA:
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1, HAS(2, PROT_EXEC, 0));
	case ALLOW_THREAD:
		r = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, call, 1, HAS(0, CLONE_THREAD, 0));
		return r < 0 ? r
			     : seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1,
						HAS(0, CLONE_THREAD, CLONE_THREAD));
	case ALLOW_SELF:
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1, IS(0, (uint64_t)getpid()));
	case ALLOW_SOCKET:
		return add_socket(f, call);
	case KILL:
		return seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, call, 0);
	}
	return -EINVAL;
}

/* Speeds of links, and clocks of cards that are open: no device can be opened any more. */
static int add_card_calls(scmp_filter_ctx f)
{
	static const uint64_t requests[] = {SIOCETHTOOL, PTP_SYS_OFFSET_PRECISE,
					    PTP_SYS_OFFSET_EXTENDED, PTP_SYS_OFFSET};
	int r = 0;

	for (unsigned i = 0; r == 0 && i < sizeof requests / sizeof requests[0]; i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, IS(1, requests[i]));
	return r;
}

static int close_calls(bool reads_cards)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = f ? 0 : -ENOMEM;

	for (unsigned i = 0; r == 0 && i < sizeof calls / sizeof calls[0]; i++) {
		int call = seccomp_syscall_resolve_name(calls[i].name);

		/* negative: not on this kind of machine */
		if (call >= 0)
			r = add_rule(f, call, calls[i].rule);
	}
	if (r == 0 && reads_cards)
		r = add_card_calls(f);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r;
}

/* ---- places, by landlock ---- */

#define READ_FILE ((uint64_t)1 << 2)
#define WRITE_FILE ((uint64_t)1 << 1)
#define READ_DIR ((uint64_t)1 << 3)
#define REMOVE_FILE ((uint64_t)1 << 5)
#define MAKE_REG ((uint64_t)1 << 8)
#define TRUNCATE ((uint64_t)1 << 14)
#define RULE_PATH_BENEATH 1

/* The kernel's structures as of interface 6; an older kernel takes a shorter one. */
struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

struct __attribute__((packed)) path_beneath {
	uint64_t allowed;
	int32_t parent;
};

/* What each interface version can forbid, all versions before it included; in the last all. */
static struct ruleset forbidden(long version)
{
	struct ruleset r = {.files = ((uint64_t)1 << 13) - 1};

	if (version >= 2)
		r.files |= (uint64_t)1 << 13; /* renaming into another directory */
	if (version >= 3)
		r.files |= TRUNCATE;
	if (version >= 4)
		r.net = 3; /* binding and connecting by TCP */
	if (version >= 5)
		r.files |= (uint64_t)1 << 15; /* devices' own calls */
	if (version >= 6)
		r.scoped = 3; /* abstract sockets and signals to the outside */
	return r;
}

static int add_place(int rules, const struct ruleset *all, const char *path, uint64_t allowed)
{
	struct path_beneath b = {.allowed = allowed & all->files};
	long r;

	b.parent = open(path, O_PATH | O_CLOEXEC);
	/* What is not there for us now need not be there later. */
	if (b.parent < 0)
		return 0;
	r = syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &b, 0);
	r = r < 0 ? -errno : 0;
	(void)close(b.parent);
	return (int)r;
}

/* The directory that the control socket's name is in. */
static int add_control(int rules, const struct ruleset *all, const char *path)
{
	char place[128];
	const char *slash = strrchr(path, '/');

	if (!slash)
		(void)snprintf(place, sizeof place, ".");
	else
		(void)snprintf(place, sizeof place, "%.*s", (int)(slash - path + 1), path);
	return add_place(rules, all, place, REMOVE_FILE);
}

static int add_places(int rules, const struct ruleset *all, const struct sandbox_options *o)
{
	int r = 0;

	/* Each text is written beside and renamed; those of a power cut are removed. */
	if (o->state_path)
		r = add_place(rules, all, o->state_path,
			      READ_FILE | WRITE_FILE | READ_DIR | REMOVE_FILE | MAKE_REG |
				      TRUNCATE);
	if (r == 0 && o->control_path)
		r = add_control(rules, all, o->control_path);
	return r;
}

static int close_places(const struct sandbox_options *o)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	struct ruleset all;
	size_t size = version < 4 ? 8 : version < 6 ? 16 : sizeof all;
	int rules, r;

	if (version < 0)
		return -errno;
	all = forbidden(version);
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
	if (rules < 0)
		return -errno;
	r = add_places(rules, &all, o);
	if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		r = -errno;
	(void)close(rules);
	return r;
}

/* ---- all of it ---- */

bool sandbox_enter(const struct sandbox_options *o, struct err *warning)
{
	struct err one;
	int r;

	warning->text[0] = '\0';
	/* The time zone is read once, and in here it could not be read any more. */
	tzset();
	sandbox_forbid_dumps();
	if (sandbox_drop_rights(false, &one) < 0)
		warn(warning, "not all rights are given up", one.text);
	if (!o->calls_too)
		return !warning->text[0];
	if (SANDBOX_OFF) {
		warn(warning, "no sandbox", "this build has a sanitizer in it");
		return false;
	}
	r = close_places(o);
	if (r < 0)
		warn(warning, "files are not restricted (landlock)", strerror(-r));
	r = close_calls(o->reads_cards);
	if (r < 0)
		warn(warning, "system calls are not restricted (seccomp)", strerror(-r));
	return !warning->text[0];
}
