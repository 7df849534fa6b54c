// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "qdisc.h"
#include "step.h"

#define WORDS(type) ((type) == RTM_NEWQDISC ? "qdisc" : (type) == RTM_NEWTCLASS ? "class" : "filter")
#define NOT_FOR_US (TCA_CLS_FLAGS_IN_HW | TCA_CLS_FLAGS_NOT_IN_HW)

/*
 * Kinds that the kernel accepts as it prints them. Not the others: it prints bpf by number, red and
 * its kin without their tables.
 */
static const char *const kinds[] = {
	"bfifo", "cake", "clsact", "codel", "drr", "fq", "fq_codel", "fq_pie", "htb", "ingress",
	"mq", "netem", "pfifo", "pfifo_fast", "pie", "prio", "sfq", "tbf",
	"flower", "fw", "matchall", "route", "u32",
};

/* Kinds whose classes are set by hand; the classes of others are their queues. */
static const char *const classful[] = { "cbq", "drr", "hfsc", "htb", "qfq" };

/* Where a classifier reports flags that cannot be set: its option's number. */
static const struct {
	const char *kind;
	int option;
} flagged[] = {
	{ "flower", TCA_FLOWER_FLAGS }, { "matchall", TCA_MATCHALL_FLAGS }, { "u32", TCA_U32_FLAGS },
};

/* Times in us that are rounded down twice, when set and when printed: 5000 gives 4999. */
static const struct {
	const char *kind;
	int option;
} rounded[] = {
	{ "codel", TCA_CODEL_TARGET }, { "codel", TCA_CODEL_INTERVAL },
	{ "codel", TCA_CODEL_CE_THRESHOLD }, { "fq_codel", TCA_FQ_CODEL_TARGET },
	{ "fq_codel", TCA_FQ_CODEL_INTERVAL }, { "fq_codel", TCA_FQ_CODEL_CE_THRESHOLD },
};

/* Objects of an interface, in the kernel's order. */
struct found {
	int index;
	struct nlmsghdr **msg;
	size_t count;
};

static struct rtattr *find_attr(struct rtattr *at, size_t left, int type)
{
	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		if ((at->rta_type & NLA_TYPE_MASK) == type)
			return at;
	return NULL;
}

static struct rtattr *attr_of(const struct nlmsghdr *msg, int type)
{
	return find_attr(TCA_RTA((struct tcmsg *)NLMSG_DATA(msg)),
			 NLMSG_PAYLOAD(msg, sizeof(struct tcmsg)), type);
}

static struct rtattr *option_of(struct rtattr *options, int type)
{
	return find_attr(RTA_DATA(options), RTA_PAYLOAD(options), type);
}

const char *qdisc_kind(const struct nlmsghdr *msg)
{
	struct rtattr *at = attr_of(msg, TCA_KIND);

	return at && memchr(RTA_DATA(at), '\0', RTA_PAYLOAD(at)) ? RTA_DATA(at) : "";
}

static bool is_one_of(const char *kind, const char *const list[], size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(kind, list[i]))
			return true;
	return false;
}

/* Settings that the kernel prints and accepts in different forms. */
static void adapt(struct nlmsghdr *msg)
{
	struct rtattr *options = attr_of(msg, TCA_OPTIONS), *at;
	const char *kind = qdisc_kind(msg);
	__u32 value;
	size_t i;

	if (!options)
		return;
	for (i = 0; i < ARRAY_SIZE(flagged); i++) {
		at = strcmp(kind, flagged[i].kind) ? NULL : option_of(options, flagged[i].option);
		if (at && RTA_PAYLOAD(at) == sizeof(value)) {
			memcpy(&value, RTA_DATA(at), sizeof(value));
			value &= ~NOT_FOR_US;
			memcpy(RTA_DATA(at), &value, sizeof(value));
		}
	}
	for (i = 0; i < ARRAY_SIZE(rounded); i++) {
		at = strcmp(kind, rounded[i].kind) ? NULL : option_of(options, rounded[i].option);
		if (at && RTA_PAYLOAD(at) == sizeof(value)) {
			memcpy(&value, RTA_DATA(at), sizeof(value));
			value++;
			memcpy(RTA_DATA(at), &value, sizeof(value));
		}
	}
	at = strcmp(kind, "htb") ? NULL : option_of(options, TCA_HTB_INIT);
	if (at && RTA_PAYLOAD(at) >= sizeof(value)) {
		/* its version, of which only the major part is taken */
		memcpy(&value, RTA_DATA(at), sizeof(value));
		value = value > 0xffff ? value >> 16 : value;
		memcpy(RTA_DATA(at), &value, sizeof(value));
	}
}

static void add_found(const struct nlmsghdr *answer, void *data)
{
	static const int kept[] = { TCA_KIND, TCA_OPTIONS, TCA_CHAIN, TCA_STAB };
	const struct tcmsg *told = NLMSG_DATA(answer);
	struct found *found = data;
	struct tcmsg tc = *told;
	struct nlmsghdr *msg, *kept_msg, **list;
	size_t i;

	if (answer->nlmsg_type != RTM_NEWQDISC && answer->nlmsg_type != RTM_NEWTCLASS &&
	    answer->nlmsg_type != RTM_NEWTFILTER)
		return;
	/* qdiscs that the kernel made by itself have no handle, nor has a filter's head */
	if (tc.tcm_ifindex != found->index || !tc.tcm_handle)
		return;
	if (answer->nlmsg_type == RTM_NEWTCLASS &&
	    !is_one_of(qdisc_kind(answer), classful, ARRAY_SIZE(classful)))
		return;
	tc.tcm_ifindex = 0;
	/* of a qdisc it is the number of its users */
	if (answer->nlmsg_type != RTM_NEWTFILTER)
		tc.tcm_info = 0;
	msg = nl_new(answer->nlmsg_type, 0, &tc, sizeof(tc));
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		struct rtattr *at = attr_of(answer, kept[i]);

		if (at)
			nl_add(msg, at->rta_type, RTA_DATA(at), RTA_PAYLOAD(at));
	}
	adapt(msg);
	kept_msg = realloc(msg, msg->nlmsg_len);
	list = realloc(found->msg, (found->count + 1) * sizeof(*found->msg));
	if (!kept_msg || !list)
		exit(1);
	found->msg = list;
	found->msg[found->count++] = kept_msg;
}

static void dump(int socket, int type, struct found *found, __u32 parent)
{
	struct tcmsg tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = found->index, .tcm_parent = parent };
	struct nlmsghdr *msg = nl_new(type, NLM_F_DUMP, &tc, sizeof(tc));

	/* a qdisc without classes or filters says so by an error */
	nl_ask(socket, msg, add_found, found);
	free(msg);
}

static void find(struct found *found, const char *name)
{
	int socket = nl_open();
	size_t nodes, i;

	found->index = if_nametoindex(name);
	if (socket < 0 || !found->index)
		return;
	dump(socket, RTM_GETQDISC, found, 0);
	/* without any qdisc of its own it has no class or filter either */
	if (found->count)
		dump(socket, RTM_GETTCLASS, found, 0);
	nodes = found->count;
	for (i = 0; i < nodes; i++) {
		const struct tcmsg *tc = NLMSG_DATA(found->msg[i]);
		const char *kind = qdisc_kind(found->msg[i]);

		if (!strcmp(kind, "clsact") || !strcmp(kind, "ingress")) {
			dump(socket, RTM_GETTFILTER, found, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
			if (!strcmp(kind, "clsact"))
				dump(socket, RTM_GETTFILTER, found,
				     TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
		} else {
			dump(socket, RTM_GETTFILTER, found, tc->tcm_handle);
		}
	}
	close(socket);
}

static void free_found(struct found *found)
{
	while (found->count)
		free(found->msg[--found->count]);
	free(found->msg);
}

/* The kernel prints a rate limit without its table, a program by its number. */
static bool has_action(struct rtattr *at, size_t left)
{
	static const char *const cannot[] = { "police", "bpf", "pedit" };
	size_t i;

	for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		for (i = 0; i < ARRAY_SIZE(cannot); i++)
			if (at->rta_type == TCA_ACT_KIND &&
			    RTA_PAYLOAD(at) == strlen(cannot[i]) + 1 &&
			    !memcmp(RTA_DATA(at), cannot[i], RTA_PAYLOAD(at)))
				return true;
		if (RTA_PAYLOAD(at) >= sizeof(*at) && has_action(RTA_DATA(at), RTA_PAYLOAD(at)))
			return true;
	}
	return false;
}

static bool comes_back(const struct nlmsghdr *msg)
{
	struct rtattr *options = attr_of(msg, TCA_OPTIONS);

	if (msg->nlmsg_type == RTM_NEWTFILTER && options &&
	    has_action(RTA_DATA(options), RTA_PAYLOAD(options)))
		return false;
	return is_one_of(qdisc_kind(msg), kinds, ARRAY_SIZE(kinds));
}

/* Its line, of those that come back (caller frees). */
static char *line_of(const struct nlmsghdr *msg, const char *name)
{
	const unsigned char *byte = NLMSG_DATA(msg);
	char *line = NULL;
	size_t size, i;
	FILE *out = xmemstream(&line, &size);

	fprintf(out, "%s %s ", WORDS(msg->nlmsg_type), name);
	for (i = 0; i < NLMSG_PAYLOAD(msg, 0); i++)
		fprintf(out, "%02x", byte[i]);
	fclose(out);
	return line;
}

void list_qdiscs(struct list *lines, const char *name)
{
	struct found found = { 0 };
	size_t i;

	find(&found, name);
	for (i = 0; i < found.count; i++)
		if (comes_back(found.msg[i]))
			list_add(lines, line_of(found.msg[i], name));
	free_found(&found);
}

void save_qdiscs(FILE *out, const char *name)
{
	struct list lines = { 0 };
	size_t i;

	list_qdiscs(&lines, name);
	for (i = 0; i < lines.count; i++)
		fprintf(out, "%s\n", lines.text[i]);
	list_free(&lines);
}

void qdiscs_lost(FILE *out, const char *name)
{
	struct found found = { 0 };
	size_t i;

	find(&found, name);
	for (i = 0; i < found.count; i++) {
		const struct tcmsg *tc = NLMSG_DATA(found.msg[i]);

		if (!comes_back(found.msg[i]))
			fprintf(out, "%s %s %x:%x of %s\n", WORDS(found.msg[i]->nlmsg_type),
				qdisc_kind(found.msg[i]), tc->tcm_handle >> 16, tc->tcm_handle & 0xffff,
				name);
	}
	free_found(&found);
}

bool is_qdisc(const char *hex)
{
	size_t len = strspn(hex, "0123456789abcdef");

	return !hex[len] && len % 2 == 0 && len / 2 >= sizeof(struct tcmsg) &&
	       len / 2 < NL_MAX - NLMSG_HDRLEN;
}
