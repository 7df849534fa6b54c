/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where does a guest lose packets now, and what limits it? Counters that every Linux has are
 * read twice, some seconds apart; nothing is changed. doctorread.c and doctorsocks.c read,
 * doctorjudge.c and doctorplaces.c judge, doctoraround.c and doctorlinks.c do both, doctor.c tells.
 */
#ifndef NAPIMETER_DOCTOR_H
#define NAPIMETER_DOCTOR_H

#include <net/if.h>

#include "snapshot.h"
#include "util.h"

/* One CPU; packets are those of softnet_stat, times are in ticks of /proc/stat. */
struct exam_cpu {
	bool here;
	double processed, dropped, squeezed;
	double all, idle, softirq, steal;
};

/* An interface that is not made of others, such as a bridge is. */
struct exam_link {
	char name[IFNAMSIZ];
	bool other;			/* than the one asked for, and not a part of it */
	double received, sent;
};

/* Counters of one moment; all only grow. A counter that this guest lacks is 0. */
struct exam {
	int64_t mono;			/* ns */
	/* of the NIC, in packets */
	double received, sent, multicast;
	double missed, missed_kept;	/* as read_missed() */
	double overrun;			/* no room, by other drivers' counters */
	double damaged;			/* on the wire */
	double unwanted;		/* rx_dropped: no handler; holds the backlog's drops too */
	double bad_sums;		/* checksums, by the NIC */
	double ingress;			/* dropped by tc */
	double hangs;			/* watchdog timeouts of the transmit queues */
	double link_changes;
	/* of all interfaces of this network namespace, in packets */
	double filtered;		/* came to IP; no counter of IP tells what became of them */
	double reverse_path, no_route, conntrack, no_port;
	double bad_sums_ip;		/* by IP, UDP and TCP */
	double socket_full;		/* UDP, all sockets */
	double forwarded;
	double ip_packets, lo_received;	/* by IP, before GRO merged them; of them, through lo */
	size_t links;
	struct exam_link *link;
	size_t cpus;
	struct exam_cpu *cpu;
	bool has_nap;			/* e1000_napi's own counters */
	struct snapshot nap;
};

/* Constant facts. An unknown number is NaN. */
struct exam_facts {
	const char *interface;
	unsigned int index;		/* of the interface */
	char driver[32];
	bool up, carrier, qemu, root;
	double weight, ring, ring_most;	/* packets, descriptors */
	double budget, budget_usecs, backlog, rmem_default, rmem_max, conntrack_most;
	size_t online;			/* CPUs */
	size_t hang_messages;		/* in the kernel's log */
	char clock[24];
	char master[IFNAMSIZ];		/* bridge or bond that it is a part of; "" */
	bool above;			/* an interface is made of it: VLAN, macvlan, bridge, bond */
	bool promiscuous;		/* gets packets for other hosts, which IP does not count */
	uint32_t xdp;			/* the program's id; 0: none */
	size_t namespaces;		/* of the network, besides ours */
	int namespace_pid;		/* a process in one of them */
	const char *hypervisor;		/* its name; "": none that doctor knows */
	char version[24];		/* "": not known */
};

/* A socket that dropped packets meanwhile. */
struct exam_socket {
	uint32_t inode;
	int protocol;
	unsigned int port;
	bool listens;
	bool loopback;			/* bound to 127.0.0.0/8 or ::1: only lo reaches it */
	double dropped, room;		/* packets; bytes of its buffer, or connections */
	double looks, full;		/* at its buffer, and those that found it nearly full */
	bool stuck;			/* TCP: its program read none of the waiting bytes meanwhile */
	double waiting;
	int pid;			/* 0: not known */
	char command[20];
	char state;			/* of the process, as in /proc/PID/stat; 0: not known */
};

/* The busiest second of a CPU: shares of it. */
struct exam_peak {
	double busy, softirq;
};

struct patient {
	struct exam_facts facts;
	struct exam before, after;
	struct exam_peak *peak;		/* one for each CPU of `after` */
	struct exam_socket *socket;
	size_t sockets;
	bool sockets_told;		/* false: this kernel does not report sockets */
};

struct finding {
	const char *place;		/* one word, docs/doctor.md explains each */
	const char *limit;		/* what is too small or too slow; NULL: not a limit */
	bool harmless;
	bool shared;			/* its counter covers other interfaces, which received too */
	bool elsewhere;			/* other interfaces lose it; harmless is set too */
	double packets;			/* lost there; 0: nothing is lost by it */
	char text[500];
	char next[200];			/* one command, or "" */
	const struct exam_socket *socket;
};

#define FINDINGS_MAX 32

struct diagnosis {
	struct finding finding[FINDINGS_MAX];	/* most important first, the harmless ones last */
	size_t count;
	bool wrong;
};

/* 0, or -1 with the reason kept: there is no such interface. */
int exam_facts_read(struct exam_facts *facts, const char *interface);
void exam_around(struct exam_facts *facts);
/* From DMI's OEM strings; "" if they do not have it. */
void exam_vbox_version(char *version, size_t size, const char *raw, size_t len);
int exam_read(struct exam *exam, const struct exam_facts *facts);
void exam_free(struct exam *exam);

/* Ticks of each CPU and softnet_stat into exam->cpu, apart for the tests. */
void exam_parse_stat(struct exam *exam, const char *text);
void exam_parse_softnet(struct exam *exam, const char *text);
/* The interfaces of /proc/net/dev; those not made of others. */
void exam_parse_dev(struct exam *exam, const char *text);
void exam_links(struct exam *exam, const char *interface);
bool exam_has_upper(const char *interface);
/* Of /proc/net/snmp, netstat and snmp6 (NULL: not there). */
void exam_parse_ip(struct exam *exam, const char *snmp, const char *netstat, const char *snmp6);
/* Lines of a kernel's log that report a hung transmitter of this interface. */
size_t exam_hangs(const char *log, const char *interface);

/* The state of all sockets that can drop; sockets_look() again and again, then sockets_end(). */
struct sockets;
struct sockets *sockets_begin(void);
void sockets_look(struct sockets *s);
/*
 * When to look the i-th time, in ns from the beginning. Bursts often come in step with round
 * numbers of ms, and looks at equal distances would find all of them at the same moment of a burst.
 * So each is early by a part of the distance, in the golden ratio, except for the last of a second.
 */
#define SOCKET_LOOKS 5	/* a second */
int64_t sockets_look_after(int i);
void sockets_end(struct sockets *s, struct patient *p);

void diagnose(struct diagnosis *d, const struct patient *p);

int cmd_doctor(int argc, char *argv[]);

#endif
