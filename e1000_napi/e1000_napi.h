/* SPDX-License-Identifier: GPL-2.0 */
/*
 * e1000_napi: the NAPI weight as a setting, and what each poll did.
 *
 * The patched driver calls the functions below, one line each, and keeps one
 * struct e1000_napi per adapter. Nothing else of the driver changes.
 *
 * Writers. A NAPI instance has one owner from napi_schedule_prep() to
 * napi_complete_done(). e1000_napi_scheduled() runs in the interrupt, after
 * napi_schedule_prep() has made it the owner; e1000_napi_begin() and
 * e1000_napi_end() run in the poll, before napi_complete_done(). So everything
 * they write has one writer at a time, ordered by the atomics on the NAPI
 * state, and they take no lock and use no atomic of their own. Only the
 * interrupt counts have another writer, e1000_intr() itself, which the
 * interrupt core never runs twice at once for one device.
 *
 * Readers (debugfs, ethtool) copy while the writers go on. A sequence count,
 * written by the poll's owner, tells them that a copy is torn, on 64 bit too.
 *
 * Switching the parameters `stats` and `timing` patches code at several places
 * one after the other, while polls run. A poll is counted only if its beginning
 * and its end both saw `stats` on; switch.c has the rest.
 */
#ifndef E1000_NAPI_H
#define E1000_NAPI_H

#include <linux/interrupt.h>
#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

#include "hist.h"

struct dentry;
struct e1000_adapter;
struct ethtool_coalesce;
struct netlink_ext_ack;

#define E1000_NAPI_FORMAT	2	/* of the debugfs files */
#define E1000_NAPI_WEIGHT_MIN	1
#define E1000_NAPI_WEIGHT_MAX	4096
#define E1000_NAPI_MAX_PORTS	32	/* as the driver's own parameters */

/**
 * enum e1000_napi_hist_id - the histograms of one device
 * @E1000_NAPI_RX_PER_POLL: packets received in a poll
 * @E1000_NAPI_TX_PER_POLL: packets (TSO: segments) whose sending a poll ended
 * @E1000_NAPI_POLLS_PER_IRQ: polls from one interrupt to the next
 * @E1000_NAPI_RX_PER_IRQ: packets received from one interrupt to the next
 * @E1000_NAPI_POLL_NS: nanoseconds a poll took, up to napi_complete_done()
 * @E1000_NAPI_IRQ_TO_POLL_NS: nanoseconds from e1000_intr() to its first poll
 * @E1000_NAPI_HISTS: how many there are
 *
 * The last two are filled only while the parameter `timing` is on. Interrupts
 * are those that made e1000_intr() schedule a poll; their polls and packets
 * are counted when the next one comes, so the last interrupt is still open.
 */
enum e1000_napi_hist_id {
	E1000_NAPI_RX_PER_POLL,
	E1000_NAPI_TX_PER_POLL,
	E1000_NAPI_POLLS_PER_IRQ,
	E1000_NAPI_RX_PER_IRQ,
	E1000_NAPI_POLL_NS,
	E1000_NAPI_IRQ_TO_POLL_NS,
	E1000_NAPI_HISTS
};

/**
 * enum e1000_napi_count_id - the counters of one device, none ever goes back
 * @E1000_NAPI_POLLS: polls; netpoll's calls with budget 0 are not polls
 * @E1000_NAPI_RX_PACKETS: packets received in polls
 * @E1000_NAPI_TX_PACKETS: packets (TSO: segments) whose sending polls ended
 * @E1000_NAPI_EMPTY: polls that did neither
 * @E1000_NAPI_WHOLE_BUDGET: polls whose receive work was the whole budget
 * @E1000_NAPI_TX_UNFINISHED: polls that returned the whole budget although
 *	less was received, because sent packets were left to clean
 * @E1000_NAPI_KSOFTIRQD: polls in ksoftirqd
 * @E1000_NAPI_THREADED: polls in the device's NAPI thread
 * @E1000_NAPI_BUSY: polls by a process that busy polls its socket
 * @E1000_NAPI_NO_IRQ: polls that neither an interrupt of this device nor the
 *	poll before asked for (busy polls, the NAPI watchdog timer)
 * @E1000_NAPI_IRQS: interrupts of this device
 * @E1000_NAPI_IRQS_NOT_OURS: interrupts of others on the same line. netpoll's
 *	calls of e1000_intr() are not interrupts and count as neither
 * @E1000_NAPI_COUNTS: how many there are
 *
 * The two interrupt counts come last: e1000_intr() writes them, the poll's
 * owner all others. Readers add up the packets from their histograms.
 */
enum e1000_napi_count_id {
	E1000_NAPI_POLLS,
	E1000_NAPI_RX_PACKETS,
	E1000_NAPI_TX_PACKETS,
	E1000_NAPI_EMPTY,
	E1000_NAPI_WHOLE_BUDGET,
	E1000_NAPI_TX_UNFINISHED,
	E1000_NAPI_KSOFTIRQD,
	E1000_NAPI_THREADED,
	E1000_NAPI_BUSY,
	E1000_NAPI_NO_IRQ,
	E1000_NAPI_IRQS,
	E1000_NAPI_IRQS_NOT_OURS,
	E1000_NAPI_COUNTS
};

#define E1000_NAPI_IRQ_COUNTS	(E1000_NAPI_COUNTS - E1000_NAPI_IRQS)

/**
 * enum e1000_napi_next - what the last counted poll says about the next one
 * @E1000_NAPI_NEXT_UNKNOWN: there was none, or `stats` was off since
 * @E1000_NAPI_NEXT_NONE: it asked for none: an interrupt, a busy poll or a
 *	timer will
 * @E1000_NAPI_NEXT_REPOLL: it asked for one, by returning its whole budget
 */
enum e1000_napi_next {
	E1000_NAPI_NEXT_UNKNOWN,
	E1000_NAPI_NEXT_NONE,
	E1000_NAPI_NEXT_REPOLL
};

/**
 * struct e1000_napi_data - what polls have counted, 49 KB
 * @seq: odd while a poll writes; tells readers that a copy is torn
 * @count: the counters except for interrupts
 * @hist: the histograms
 */
struct e1000_napi_data {
	seqcount_t seq;
	u64 count[E1000_NAPI_IRQS];
	struct e1000_hist hist[E1000_NAPI_HISTS];
};

/**
 * struct e1000_napi_file - what a histogram's debugfs file shows
 * @en: the device's state
 * @id: which histogram
 */
struct e1000_napi_file {
	struct e1000_napi *en;
	enum e1000_napi_hist_id id;
};

/**
 * struct e1000_napi - our part of an adapter
 * @irq: e1000_intr() scheduled the coming poll; set also while `stats` is off
 * @next: what the last poll asked for, enum e1000_napi_next
 * @cycle_polls: polls since the last interrupt; 0: that one is not known
 * @cycle_rx: packets received since that interrupt
 * @rx_before: the driver's total_rx_packets as the poll began
 * @tx_before: the same of total_tx_packets
 * @irq_ns: when e1000_intr() scheduled the poll, 0 if not known;
 *	CLOCK_MONOTONIC, as all times here
 * @began_ns: when the poll began, 0 if not known
 * @data: the rest of what polls write; NULL: there was no memory, or `stats`
 *	was never on
 * @counting: @data from e1000_napi_begin() to e1000_napi_end_poll(), else
 *	NULL: this poll is not counted
 * @irq_sync: guards @irqs against torn reads on 32 bit
 * @irqs: the two counts of interrupts, written by e1000_intr() only
 * @netpoll: e1000_netpoll() runs e1000_intr()
 *
 * Written by the control path only, below:
 * @since_ns: since when this counts, which is when the device was taken
 * @switched: the value of e1000_napi_switched as it was taken
 * @shown: a copy of all counters for ethtool -S; RTNL
 * @entry: in the list of all devices; e1000_napi_lock
 * @dir: debugfs folder
 * @link: its symlink by interface name, or NULL; RTNL
 * @file: one per histogram, for debugfs
 * @name_lock: guards @name
 * @name: the interface's; the netdev's own may change while it is read
 * @nb: follows renames
 * @nn: makes @nb follow the device through network namespaces
 * @nb_on: @nb is registered
 *
 * The hot part comes first and is embedded in struct e1000_adapter.
 */
struct e1000_napi {
	bool irq;
	u8 next;
	u32 cycle_polls;
	u32 cycle_rx;
	u32 rx_before;
	u32 tx_before;
	u64 irq_ns;
	u64 began_ns;
	struct e1000_napi_data *data;
	struct e1000_napi_data *counting;
	struct u64_stats_sync irq_sync;
	u64 irqs[E1000_NAPI_IRQ_COUNTS];
	bool netpoll;

	u64 since_ns;
	unsigned int switched;
	u64 shown[E1000_NAPI_COUNTS];
	struct list_head entry;
	struct dentry *dir;
	struct dentry *link;
	struct e1000_napi_file file[E1000_NAPI_HISTS];
	spinlock_t name_lock;	/* guards name */
	char name[IFNAMSIZ];
	struct notifier_block nb;
	struct netdev_net_notifier nn;
	bool nb_on;
};

/* In kernels before 5.15 the coalesce operations have no parameter of this
 * name; where they have, it hides this one
 */
static struct netlink_ext_ack *const extack __maybe_unused;

/* ethtool -C may set this besides the driver's own rx-usecs */
#define E1000_NAPI_COALESCE	ETHTOOL_COALESCE_RX_MAX_FRAMES_IRQ

DECLARE_STATIC_KEY_TRUE(e1000_napi_stats);
DECLARE_STATIC_KEY_FALSE(e1000_napi_timing);

/* weight.c */
void e1000_napi_init_weight(struct e1000_adapter *adapter);
void e1000_napi_init_ethtool(struct e1000_adapter *adapter);
int e1000_napi_set_weight(struct e1000_adapter *adapter, unsigned int weight);
bool e1000_napi_get_coalesce(struct e1000_adapter *adapter,
			     struct ethtool_coalesce *ec);
int e1000_napi_check_coalesce(struct e1000_adapter *adapter,
			      struct ethtool_coalesce *ec,
			      struct netlink_ext_ack *extack);
bool e1000_napi_same_usecs(struct e1000_adapter *adapter,
			   const struct ethtool_coalesce *ec);

/* switch.c */
void e1000_napi_init(struct e1000_adapter *adapter);
void e1000_napi_list_add(struct e1000_napi *en);
void e1000_napi_list_del(struct e1000_napi *en);

/* poll.c */
void e1000_napi_begin_time(struct e1000_napi *en);
void e1000_napi_end_poll(struct e1000_adapter *adapter, int budget,
			 int work_done, bool tx_done);
void e1000_napi_copy_counts(struct e1000_napi *en, u64 *to);
void e1000_napi_copy_hist(struct e1000_napi *en, enum e1000_napi_hist_id id,
			  struct e1000_hist *to);
u64 e1000_napi_copy_all(struct e1000_napi *en, u64 *count,
			struct e1000_hist *hist);
void e1000_napi_update_stats(struct e1000_adapter *adapter);

/* debugfs.c */
void e1000_napi_add(struct e1000_adapter *adapter);
void e1000_napi_remove(struct e1000_adapter *adapter);

/**
 * e1000_napi_irq() - e1000_intr() has read the interrupt's cause
 * @en: the adapter's state
 * @icr: the cause; 0: the interrupt is another device's
 *
 * Context: hard interrupt, or netpoll with the interrupt disabled. One at a
 * time for a device: the interrupt core does not run a handler twice at once,
 * and netpoll disables the interrupt (and waits for its handler) before it
 * calls e1000_intr().
 */
static inline void e1000_napi_irq(struct e1000_napi *en, u32 icr)
{
	if (static_branch_likely(&e1000_napi_stats) && likely(!en->netpoll)) {
		u64_stats_update_begin(&en->irq_sync);
		if (likely(icr))
			e1000_hist_grow(&en->irqs[0], 1);
		else
			e1000_hist_grow(&en->irqs[1], 1);
		u64_stats_update_end(&en->irq_sync);
	}
}

/**
 * e1000_napi_netpoll() - e1000_netpoll() does what an interrupt would
 * @en: the adapter's state
 * @handler: e1000_intr()
 * @irq: the interrupt's number
 * @netdev: the interface
 *
 * It may schedule the poll, but is not an interrupt, and is not counted as one.
 *
 * Context: netpoll, with the interrupt disabled.
 */
static inline void e1000_napi_netpoll(struct e1000_napi *en,
				      irq_handler_t handler, int irq,
				      struct net_device *netdev)
{
	en->netpoll = true;
	handler(irq, netdev);
	en->netpoll = false;
}

/**
 * e1000_napi_scheduled() - e1000_intr() is about to schedule the poll
 * @en: the adapter's state, whose NAPI the caller owns
 *
 * The mark is set whether or not `stats` is on: so there is no moment, as that
 * is switched, at which a poll is counted but its interrupt was not seen.
 *
 * Context: as e1000_napi_irq(), after napi_schedule_prep() returned true.
 */
static inline void e1000_napi_scheduled(struct e1000_napi *en)
{
	en->irq = true;
	if (static_branch_unlikely(&e1000_napi_timing))
		en->irq_ns = ktime_get_ns();
}

/**
 * e1000_napi_begin() - a poll begins
 * @en: the adapter's state, whose NAPI the caller owns
 * @rx: the driver's total_rx_packets; a pointer, so that it is not read while
 *	`stats` is off
 * @tx: the same of total_tx_packets
 *
 * Context: poll, bottom halves off.
 */
static inline void e1000_napi_begin(struct e1000_napi *en,
				    const unsigned int *rx,
				    const unsigned int *tx)
{
	/* Marked unlikely to keep what is in it off the disabled path */
	if (static_branch_unlikely(&e1000_napi_stats)) {
		en->counting = en->data;
		en->rx_before = *rx;
		en->tx_before = *tx;
		/* A call, as reading the clock takes registers of the poll */
		if (static_branch_unlikely(&e1000_napi_timing))
			e1000_napi_begin_time(en);
	}
}

/**
 * e1000_napi_end() - a poll has done its work
 * @adapter: the adapter, whose NAPI the caller still owns
 * @budget: as the poll got it
 * @work_done: receive descriptors used; jumbo frames use several
 * @tx_done: nothing sent is left to clean
 *
 * Context: poll, bottom halves off, before napi_complete_done(): after it an
 * interrupt on another CPU may already have begun the next poll.
 */
static inline void e1000_napi_end(struct e1000_adapter *adapter, int budget,
				  int work_done, bool tx_done)
{
	/* Marked unlikely to keep argument setup off the disabled path */
	if (static_branch_unlikely(&e1000_napi_stats))
		e1000_napi_end_poll(adapter, budget, work_done, tx_done);
}

#endif /* E1000_NAPI_H */
