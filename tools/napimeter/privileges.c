// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges.h"
#include "util.h"

static const int for_trials[] = {
	CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_CHOWN,	/* a results folder is its user's */
	CAP_KILL,			/* the traffic's programs */
	CAP_NET_ADMIN,			/* ethtool, sysctls, SO_RCVBUFFORCE */
	CAP_NET_RAW,			/* arrivals: a packet socket */
	CAP_NET_BIND_SERVICE,		/* serve on any port */
	CAP_SYS_PTRACE,			/* iperf's socket: its buffer */
	CAP_SYS_NICE,			/* CPUs of a process */
	CAP_SYS_ADMIN,			/* setns: pktgen's namespace; bpf() before 5.8 */
	38, 39,				/* CAP_PERFMON, CAP_BPF, which older headers lack */
};

static const int to_look[] = {
	CAP_DAC_READ_SEARCH,		/* debugfs */
	CAP_SYS_PTRACE,			/* whose a socket is */
	CAP_SYSLOG,			/* the kernel's log */
};

/* The bounding set too, or a program that root starts had them all again. */
static void keep(uint64_t kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int i;

	if (syscall(SYS_capget, &header, data))
		return;
	for (i = 0; i < 64; i++)
		if (!(kept >> i & 1) && prctl(PR_CAPBSET_READ, i) == 1)
			prctl(PR_CAPBSET_DROP, i);
	for (i = 0; i < 2; i++) {
		uint32_t mask = kept >> (32 * i);

		data[i].effective &= mask;
		data[i].permitted &= mask;
		data[i].inheritable &= mask;
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, data))
		warning("capabilities cannot be given up: %s", strerror(errno));
}

static void keep_those(const int *capability, size_t count)
{
	uint64_t kept = 0;
	size_t i;

	for (i = 0; i < count; i++)
		kept |= 1ULL << capability[i];
	keep(kept);
}

void privileges_for_trials(void)
{
	struct rlimit memory = { RLIM_INFINITY, RLIM_INFINITY };

	/* before 5.11 it bounds what arrivals share with the kernel */
	setrlimit(RLIMIT_MEMLOCK, &memory);
	keep_those(for_trials, ARRAY_SIZE(for_trials));
}

void privileges_to_look(void)
{
	keep_those(to_look, ARRAY_SIZE(to_look));
}

#ifndef __SANITIZE_ADDRESS__	/* which makes calls of its own when the program ends */
/* Those of an open socket and open files, the clock, memory; the C library picks among them. */
static const int to_answer[] = {
	SCMP_SYS(recvfrom), SCMP_SYS(recv), SCMP_SYS(sendto), SCMP_SYS(send), SCMP_SYS(sendmmsg),
	SCMP_SYS(connect), SCMP_SYS(socketcall), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(fstat), SCMP_SYS(fstat64),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(getrandom), SCMP_SYS(brk), SCMP_SYS(munmap),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep),
	SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* A call that is not listed fails with EPERM. Kernels without seccomp go on without. */
static void filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int err = filter ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; !err && i < ARRAY_SIZE(to_answer); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, to_answer[i], 0);
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);
	if (!err)
		seccomp_load(filter);
	else
		warning("seccomp: %s", strerror(-err));
	seccomp_release(filter);
}
#else
static void filter_calls(void)
{
}
#endif

void privileges_none(void)
{
	keep(0);
	filter_calls();
}
