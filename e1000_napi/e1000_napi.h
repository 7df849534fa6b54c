/* SPDX-License-Identifier: GPL-2.0 */
/*
 * e1000_napi: the NAPI weight as a setting, and what each poll did.
 *
 * The patched driver calls the functions below, one line each, and keeps one
 * struct e1000_napi per adapter. Nothing else of the driver changes.
 *
 * Who writes what. A NAPI instance has one owner from napi_schedule_prep() to
 * napi_complete_done(). e1000_napi_scheduled() runs in the interrupt, after
 * napi_schedule_prep() has made it the owner; e1000_napi_begin() (for its
 * time only) and e1000_napi_end() run in the poll, before
 * napi_complete_done().
 * So everything they write has one writer at a time, ordered by the atomics
 * on the NAPI state, and they take no lock and use no atomic of their own.
 * Only the interrupt counts have another writer, e1000_intr() itself, which
 * the interrupt core never runs twice at once for one device.
 *
 * Readers (debugfs, ethtool) copy while the writers go on. Each value that
 * they get is whole, on 32 bit too (u64_stats_sync). Values of one copy may be
 * a poll apart; `snapshot` says whether they are.
 */
#ifndef E1000_NAPI_H
#define E1000_NAPI_H

#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

#include "hist.h"

struct dentry;
struct e1000_adapter;
struct ethtool_coalesce;

#define E1000_NAPI_FORMAT	1	/* of the debugfs files */
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
 * @E1000_NAPI_IRQS_NOT_OURS: interrupts of others on the same line
 * @E1000_NAPI_COUNTS: how many there are
 *
 * The two interrupt counts come last: e1000_intr() writes them, the poll's
 * owner all others.
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

/**
 * enum e1000_napi_next - what asks for the next poll
 * @E1000_NAPI_NEXT_NONE: nothing known: a busy poll or a timer may
 * @E1000_NAPI_NEXT_IRQ: e1000_intr() scheduled it
 * @E1000_NAPI_NEXT_REPOLL: the poll before, by returning its whole budget
 */
enum e1000_napi_next {
	E1000_NAPI_NEXT_NONE,
	E1000_NAPI_NEXT_IRQ,
	E1000_NAPI_NEXT_REPOLL
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
 * @reset_done: the value of @reset_asked that the poll's owner last carried out
 * @next: what asks for the next poll, enum e1000_napi_next
 * @odd: a reset was asked for, or no interrupt came since the last one. Also
 *	written by who asks, under e1000_napi_lock
 * @state: both in one, so that a poll looks at them at once
 * @skip: @rx_seen and @tx_seen are of before a gap in the recording
 * @cycle_polls: polls since the last interrupt, 0: none came since the reset
 * @cycle_rx: packets received since that interrupt
 * @rx_seen: how many of the driver's total_rx_packets are counted already, if
 *	no interrupt is @next: the driver begins its totals anew at each interrupt
 * @tx_seen: the same for total_tx_packets
 * @irq_ns: when e1000_intr() scheduled the poll, 0 if not known;
 *	CLOCK_MONOTONIC, as all times here
 * @began_ns: when the poll began, 0 if not known
 * @poll_sync: guards @count and @hist against torn reads, but for interrupts
 * @irq_sync: the same for the two interrupt counts
 * @count: the counters
 * @hist: the histograms
 *
 * Written by the control path only, below:
 * @reset_asked: how often a reset was asked for; e1000_napi_lock
 * @since_ns: when that was last; e1000_napi_lock and @since_sync
 * @since_sync: guards @since_ns against torn reads
 * @shown: a copy of @count for ethtool -S, which reads without @poll_sync; RTNL
 * @entry: in the list of all devices; e1000_napi_lock
 * @dir: debugfs folder
 * @link: its symlink by interface name, or NULL; RTNL
 * @file: one per histogram, for debugfs
 * @nb: follows renames
 * @nn: makes @nb follow the device through network namespaces
 * @nb_on: @nb is registered
 *
 * The hot part comes first. It is embedded in struct e1000_adapter, so there
 * is nothing to allocate, and nothing that a poll could find missing.
 */
struct e1000_napi {
	u32 reset_done;
	union {
		struct {
			u8 next;
			u8 odd;
		};
		u16 state;
	};
	bool skip;
	u32 cycle_polls;
	u32 cycle_rx;
	u32 rx_seen;
	u32 tx_seen;
	u64 irq_ns;
	u64 began_ns;
	struct u64_stats_sync poll_sync;
	struct u64_stats_sync irq_sync;
	u64_stats_t count[E1000_NAPI_COUNTS];
	struct napi_hist hist[E1000_NAPI_HISTS];

	u32 reset_asked;
	u64_stats_t since_ns;
	struct u64_stats_sync since_sync;
	u64 shown[E1000_NAPI_COUNTS];
	struct list_head entry;
	struct dentry *dir;
	struct dentry *link;
	struct e1000_napi_file file[E1000_NAPI_HISTS];
	struct notifier_block nb;
	struct netdev_net_notifier nn;
	bool nb_on;
};

/* What ethtool -C may set beside the driver's own rx-usecs */
#define E1000_NAPI_COALESCE	ETHTOOL_COALESCE_RX_MAX_FRAMES_IRQ

DECLARE_STATIC_KEY_TRUE(e1000_napi_stats);
DECLARE_STATIC_KEY_FALSE(e1000_napi_timing);

/* weight.c */
void e1000_napi_init_weight(struct e1000_adapter *adapter);
int e1000_napi_set_weight(struct e1000_adapter *adapter, unsigned int weight);
bool e1000_napi_get_coalesce(struct e1000_adapter *adapter,
			     struct ethtool_coalesce *ec);
bool e1000_napi_same_usecs(struct e1000_adapter *adapter,
			   const struct ethtool_coalesce *ec);

/* poll.c */
void e1000_napi_init(struct e1000_adapter *adapter);
void e1000_napi_end_poll(struct e1000_adapter *adapter, int budget,
			 int work_done, bool tx_done);
void e1000_napi_list_add(struct e1000_napi *en);
void e1000_napi_list_del(struct e1000_napi *en);
void e1000_napi_reset(struct e1000_napi *en);
u64 e1000_napi_since(struct e1000_napi *en);
void e1000_napi_copy_counts(struct e1000_napi *en, u64 *to);
void e1000_napi_copy_hist(struct e1000_napi *en, enum e1000_napi_hist_id id,
			  struct napi_hist *to);
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
	if (static_branch_likely(&e1000_napi_stats)) {
		u64_stats_update_begin(&en->irq_sync);
		if (likely(icr))
			u64_stats_inc(&en->count[E1000_NAPI_IRQS]);
		else
			u64_stats_inc(&en->count[E1000_NAPI_IRQS_NOT_OURS]);
		u64_stats_update_end(&en->irq_sync);
	}
}

/**
 * e1000_napi_scheduled() - e1000_intr() is about to schedule the poll
 * @en: the adapter's state, whose NAPI the caller owns
 *
 * The driver has just begun its totals anew.
 *
 * Context: as e1000_napi_irq(), after napi_schedule_prep() returned true.
 */
static inline void e1000_napi_scheduled(struct e1000_napi *en)
{
	if (static_branch_likely(&e1000_napi_stats)) {
		en->next = E1000_NAPI_NEXT_IRQ;
		if (static_branch_unlikely(&e1000_napi_timing))
			en->irq_ns = ktime_get_ns();
	}
}

/**
 * e1000_napi_begin() - a poll begins
 * @en: the adapter's state, whose NAPI the caller owns
 * @budget: as the poll got it; 0 from netpoll
 *
 * Context: poll, bottom halves off.
 */
static inline void e1000_napi_begin(struct e1000_napi *en, int budget)
{
	if (static_branch_unlikely(&e1000_napi_timing) && budget)
		en->began_ns = ktime_get_ns();
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
	/* On is likely, but called so the compiler readies the arguments first
	 * and looks then, which those pay who have it off
	 */
	if (static_branch_unlikely(&e1000_napi_stats))
		e1000_napi_end_poll(adapter, budget, work_done, tx_done);
}

#endif /* E1000_NAPI_H */
