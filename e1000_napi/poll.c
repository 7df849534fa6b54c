// SPDX-License-Identifier: GPL-2.0
/*
 * What each interrupt and each poll did: the writers, and how to read safely.
 * e1000_napi.h says who may write what, and why no lock is needed.
 *
 * A reset is carried out by the writer itself: the control path only raises
 * reset_asked, the next poll clears the histograms before it is counted.
 * Until then readers show them empty. So they never have a second writer.
 */

#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "e1000.h"

#define E1000_NAPI_CHUNK	64	/* u64s that a reader copies in one go */

DEFINE_STATIC_KEY_TRUE(e1000_napi_stats);
DEFINE_STATIC_KEY_FALSE(e1000_napi_timing);

/* All devices that have their debugfs files, and who may ask for a reset */
static DEFINE_MUTEX(e1000_napi_lock);
static LIST_HEAD(e1000_napi_list);

static void e1000_napi_inc(struct e1000_napi *en, enum e1000_napi_count_id id)
{
	u64_stats_inc(&en->count[id]);
}

/* Is this the kernel thread whose name begins so? ksoftirqd's per-CPU pointer
 * is not exported and 5.10 has no napi->thread, but the names are fixed, and
 * comparing eight bytes is one instruction. A process that calls itself so is
 * no kernel thread.
 */
static __always_inline bool e1000_napi_in_thread(const char *name, size_t len)
{
	/* data_race(): if the task is renamed right now, one poll is counted
	 * as if in the wrong place; nothing depends on it
	 */
	return data_race(!memcmp(current->comm, name, len)) &&
	       (current->flags & PF_KTHREAD);
}

/* Softirq, on whatever it interrupted, is the common case and not counted */
static __always_inline void e1000_napi_count_context(struct e1000_napi *en)
{
	if (likely(in_serving_softirq())) {
		if (e1000_napi_in_thread("ksoftirq", 8))
			e1000_napi_inc(en, E1000_NAPI_KSOFTIRQD);
	} else if (e1000_napi_in_thread("napi/", 5)) {
		e1000_napi_inc(en, E1000_NAPI_THREADED);
	} else {
		e1000_napi_inc(en, E1000_NAPI_BUSY);
	}
}

/* Words of a part of struct e1000_napi that holds nothing else */
#define e1000_napi_words(part)	(sizeof(part) / (sizeof(u64_stats_t)))

/* Carry out a reset. Once in a while, so the time that it takes is no matter */
static noinline void e1000_napi_clear(struct e1000_napi *en, u32 asked)
{
	u64_stats_t *word = (u64_stats_t *)en->hist;
	size_t i;

	u64_stats_update_begin(&en->poll_sync);
	for (i = 0; i < e1000_napi_words(en->hist); i++)
		napi_hist_write(&word[i], 0);
	u64_stats_update_end(&en->poll_sync);

	en->cycle_polls = 0;

	/* Pairs with the acquire in e1000_napi_copy_hist(): who sees that the
	 * reset is done sees cleared cells.
	 */
	smp_store_release(&en->reset_done, asked);
}

static noinline void e1000_napi_add_times(struct e1000_napi *en)
{
	if (unlikely(!en->began_ns))
		return;

	napi_hist_add_large(&en->hist[E1000_NAPI_POLL_NS],
			    ktime_get_ns() - en->began_ns);
	if (en->irq_ns) {
		napi_hist_add_large(&en->hist[E1000_NAPI_IRQ_TO_POLL_NS],
				    en->began_ns - en->irq_ns);
		en->irq_ns = 0;
	}
}

/* Does that ask for this poll, and is nothing odd? */
static __always_inline bool e1000_napi_state_is(const struct e1000_napi *en,
						enum e1000_napi_next next)
{
	/* data_race(): who asks for a reset at this moment is seen by this
	 * poll or by the next, either is right
	 */
	return data_race(en->state) == (__force u16)cpu_to_le16(next);
}

/* @exact: all values are known to have a cell of their own in every histogram.
 * One increment each is then all, and with no call left the compiler saves no
 * registers, which in the common poll would cost as much as the counting.
 */
static __always_inline void e1000_napi_fill(struct e1000_napi *en,
					    enum e1000_napi_hist_id id,
					    u32 value, bool exact)
{
	if (exact)
		napi_hist_add_exact(&en->hist[id], value);
	else
		napi_hist_add(&en->hist[id], value);
}

/* The next interrupt asked for this poll, so the one before is complete */
static __always_inline void e1000_napi_close_cycle(struct e1000_napi *en,
						   bool exact)
{
	e1000_napi_fill(en, E1000_NAPI_POLLS_PER_IRQ, en->cycle_polls, exact);
	e1000_napi_fill(en, E1000_NAPI_RX_PER_IRQ, en->cycle_rx, exact);
}

/* The part that is the same for every poll */
static __always_inline void e1000_napi_count_poll(struct e1000_napi *en,
						  u32 rx, u32 tx, bool whole,
						  bool tx_done, bool exact)
{
	e1000_napi_fill(en, E1000_NAPI_RX_PER_POLL, rx, exact);
	e1000_napi_fill(en, E1000_NAPI_TX_PER_POLL, tx, exact);
	e1000_napi_inc(en, E1000_NAPI_POLLS);
	u64_stats_add(&en->count[E1000_NAPI_RX_PACKETS], rx);
	u64_stats_add(&en->count[E1000_NAPI_TX_PACKETS], tx);
	if (!(rx | tx))
		e1000_napi_inc(en, E1000_NAPI_EMPTY);
	if (whole) {
		e1000_napi_inc(en, E1000_NAPI_WHOLE_BUDGET);
		en->next = E1000_NAPI_NEXT_REPOLL;
	} else if (unlikely(!tx_done)) {
		e1000_napi_inc(en, E1000_NAPI_TX_UNFINISHED);
		en->next = E1000_NAPI_NEXT_REPOLL;
	} else {
		en->next = E1000_NAPI_NEXT_NONE;
	}
	e1000_napi_count_context(en);
	if (static_branch_unlikely(&e1000_napi_timing))
		e1000_napi_add_times(en);
}

/* Any poll at all: after a reset, without an interrupt, with large numbers */
static noinline void e1000_napi_end_any(struct e1000_adapter *adapter,
					int budget, int work_done, bool tx_done)
{
	struct e1000_napi *en = &adapter->napi_stats;
	bool irq = en->next == E1000_NAPI_NEXT_IRQ;
	u32 asked, rx, tx;

	rx = adapter->total_rx_packets - (irq ? 0 : en->rx_seen);
	tx = adapter->total_tx_packets - (irq ? 0 : en->tx_seen);
	en->rx_seen = adapter->total_rx_packets;
	en->tx_seen = adapter->total_tx_packets;

	if (irq && READ_ONCE(en->odd)) {
		WRITE_ONCE(en->odd, 0);
		/* Pairs with the one in e1000_napi_ask_reset(): who asks now
		 * is either seen below, or makes the next poll odd
		 */
		smp_mb();
	}
	asked = READ_ONCE(en->reset_asked);
	if (asked != en->reset_done) {
		e1000_napi_clear(en, asked);
		/* Switched on during this poll: when it began is not known,
		 * nor what asks for the next
		 */
		if (en->skip) {
			en->skip = false;
			en->next = E1000_NAPI_NEXT_REPOLL;
			WRITE_ONCE(en->odd, 1);
			return;
		}
	}

	u64_stats_update_begin(&en->poll_sync);
	if (irq) {
		if (en->cycle_polls)
			e1000_napi_close_cycle(en, false);
		en->cycle_polls = 1;
		en->cycle_rx = rx;
	} else {
		if (en->next == E1000_NAPI_NEXT_NONE)
			e1000_napi_inc(en, E1000_NAPI_NO_IRQ);
		if (en->cycle_polls) {
			en->cycle_polls++;
			en->cycle_rx += rx;
		}
	}
	e1000_napi_count_poll(en, rx, tx, work_done == budget, tx_done, false);
	u64_stats_update_end(&en->poll_sync);
}

/* The poll before asked for this one */
static noinline void e1000_napi_end_repoll(struct e1000_adapter *adapter,
					   int budget, int work_done,
					   bool tx_done)
{
	struct e1000_napi *en = &adapter->napi_stats;
	u32 rx = adapter->total_rx_packets - en->rx_seen;
	u32 tx = adapter->total_tx_packets - en->tx_seen;

	if (unlikely(!e1000_napi_state_is(en, E1000_NAPI_NEXT_REPOLL) ||
		     (rx | tx) >= NAPI_HIST_EXACT))
		return e1000_napi_end_any(adapter, budget, work_done, tx_done);

	u64_stats_update_begin(&en->poll_sync);
	en->cycle_polls++;
	en->cycle_rx += rx;
	WRITE_ONCE(en->rx_seen, adapter->total_rx_packets);
	WRITE_ONCE(en->tx_seen, adapter->total_tx_packets);
	e1000_napi_count_poll(en, rx, tx, work_done == budget, tx_done, true);
	u64_stats_update_end(&en->poll_sync);
}

/**
 * e1000_napi_end_poll() - count what a poll did
 * @adapter: the adapter, whose NAPI the caller owns
 * @budget: as the poll got it
 * @work_done: receive descriptors used
 * @tx_done: nothing sent is left to clean
 *
 * Packets are the growth of the driver's own totals, not @work_done, which
 * counts descriptors: fragments of jumbo frames and bad frames too. The driver
 * begins them anew at each interrupt.
 *
 * netpoll's calls, with budget 0, only clean sent packets and do not own the
 * NAPI. What they clean is counted by the next poll.
 *
 * Nearly all polls have small numbers and are an interrupt's, counted here, or
 * the next after one that took its whole budget, in e1000_napi_end_repoll(). All
 * others are counted by e1000_napi_end_any().
 *
 * Context: poll, before napi_complete_done().
 */
void e1000_napi_end_poll(struct e1000_adapter *adapter, int budget,
			 int work_done, bool tx_done)
{
	struct e1000_napi *en = &adapter->napi_stats;
	u32 rx, tx;

	if (unlikely(!budget))
		return;
	if (unlikely(!e1000_napi_state_is(en, E1000_NAPI_NEXT_IRQ)))
		return e1000_napi_end_repoll(adapter, budget, work_done,
					     tx_done);

	rx = adapter->total_rx_packets;
	tx = adapter->total_tx_packets;
	if (unlikely((rx | tx | en->cycle_polls | en->cycle_rx) >=
		     NAPI_HIST_EXACT))
		return e1000_napi_end_any(adapter, budget, work_done, tx_done);

	u64_stats_update_begin(&en->poll_sync);
	e1000_napi_close_cycle(en, true);
	en->cycle_polls = 1;
	en->cycle_rx = rx;
	/* Else the compiler makes one word of the two, which takes longer */
	WRITE_ONCE(en->rx_seen, rx);
	WRITE_ONCE(en->tx_seen, tx);
	e1000_napi_count_poll(en, rx, tx, work_done == budget, tx_done, true);
	u64_stats_update_end(&en->poll_sync);
}

static void e1000_napi_ask_reset(struct e1000_napi *en)
{
	lockdep_assert_held(&e1000_napi_lock);

	preempt_disable();
	u64_stats_update_begin(&en->since_sync);
	napi_hist_write(&en->since_ns, ktime_get_ns());
	u64_stats_update_end(&en->since_sync);
	preempt_enable();

	WRITE_ONCE(en->reset_asked, en->reset_asked + 1);
	smp_mb();	/* Pairs with the one in e1000_napi_end_any() */
	WRITE_ONCE(en->odd, 1);
}

/**
 * e1000_napi_reset() - begin all histograms of a device anew
 * @en: the device's state
 *
 * Counters are left alone: they never go back. A poll that runs at this
 * moment is counted by the counters only.
 *
 * Context: process; takes e1000_napi_lock.
 */
void e1000_napi_reset(struct e1000_napi *en)
{
	mutex_lock(&e1000_napi_lock);
	e1000_napi_ask_reset(en);
	mutex_unlock(&e1000_napi_lock);
}

/* In chunks, so that a reader on 32 bit gets done however often polls run.
 * Interrupts are off for a chunk because on 32 bit with one CPU there is
 * nothing else, in kernels before 6.1, that keeps a writer out.
 */
static void e1000_napi_copy(struct u64_stats_sync *sync, u64 *to,
			    const u64_stats_t *from, size_t words)
{
	unsigned long flags;
	unsigned int start;
	size_t i, n;

	while (words) {
		n = min_t(size_t, words, E1000_NAPI_CHUNK);
		local_irq_save(flags);
		do {
			start = u64_stats_fetch_begin(sync);
			for (i = 0; i < n; i++)
				to[i] = u64_stats_read(&from[i]);
		} while (u64_stats_fetch_retry(sync, start));
		local_irq_restore(flags);
		to += n;
		from += n;
		words -= n;
	}
}

/**
 * e1000_napi_since() - since when the histograms count
 * @en: the device's state
 *
 * Context: any process.
 * Return: CLOCK_MONOTONIC, ns.
 */
u64 e1000_napi_since(struct e1000_napi *en)
{
	u64 since;

	e1000_napi_copy(&en->since_sync, &since, &en->since_ns, 1);

	return since;
}

/**
 * e1000_napi_copy_counts() - read all counters
 * @en: the device's state
 * @to: E1000_NAPI_COUNTS values
 *
 * Context: any process.
 */
void e1000_napi_copy_counts(struct e1000_napi *en, u64 *to)
{
	e1000_napi_copy(&en->poll_sync, to, en->count, E1000_NAPI_IRQS);
	e1000_napi_copy(&en->irq_sync, to + E1000_NAPI_IRQS,
			en->count + E1000_NAPI_IRQS,
			E1000_NAPI_COUNTS - E1000_NAPI_IRQS);
}

/**
 * e1000_napi_copy_hist() - read a histogram
 * @en: the device's state
 * @id: which one
 * @to: filled in; its words are plain u64s to whoever only reads the copy
 *
 * Context: any process.
 */
void e1000_napi_copy_hist(struct e1000_napi *en, enum e1000_napi_hist_id id,
			  struct napi_hist *to)
{
	const u64_stats_t *from = (const u64_stats_t *)&en->hist[id];
	u32 asked;

	do {
		asked = READ_ONCE(en->reset_asked);
		/* Pairs with the release in e1000_napi_clear() */
		if (smp_load_acquire(&en->reset_done) != asked)
			memset(to, 0, sizeof(*to));
		else
			e1000_napi_copy(&en->poll_sync, (u64 *)to, from,
					e1000_napi_words(*to));
		/* Not before the copy: a reset meanwhile spoils it */
		smp_rmb();
	} while (READ_ONCE(en->reset_asked) != asked);
}

/**
 * e1000_napi_update_stats() - make ready what ethtool -S shows
 * @adapter: the adapter
 *
 * Context: process, RTNL held.
 */
void e1000_napi_update_stats(struct e1000_adapter *adapter)
{
	e1000_napi_copy_counts(&adapter->napi_stats, adapter->napi_stats.shown);
}

/**
 * e1000_napi_init() - make ready to count, and give the device its weight
 * @adapter: an adapter that is not registered yet
 *
 * Context: probe, no poll and no interrupt can run yet.
 */
void e1000_napi_init(struct e1000_adapter *adapter)
{
	struct e1000_napi *en = &adapter->napi_stats;

	u64_stats_init(&en->poll_sync);
	u64_stats_init(&en->irq_sync);
	u64_stats_init(&en->since_sync);
	napi_hist_write(&en->since_ns, ktime_get_ns());
	en->skip = !static_key_enabled(&e1000_napi_stats);
	en->odd = 1;
	e1000_napi_init_weight(adapter);
}

/**
 * e1000_napi_list_add() - let the parameters reach a device
 * @en: the device's state
 *
 * Context: process; takes e1000_napi_lock.
 */
void e1000_napi_list_add(struct e1000_napi *en)
{
	mutex_lock(&e1000_napi_lock);
	list_add_tail(&en->entry, &e1000_napi_list);
	/* Switched on since e1000_napi_init() */
	if (en->skip && static_key_enabled(&e1000_napi_stats))
		e1000_napi_ask_reset(en);
	mutex_unlock(&e1000_napi_lock);
}

/**
 * e1000_napi_list_del() - undo e1000_napi_list_add()
 * @en: the device's state
 *
 * Context: process; takes e1000_napi_lock.
 */
void e1000_napi_list_del(struct e1000_napi *en)
{
	mutex_lock(&e1000_napi_lock);
	list_del(&en->entry);
	mutex_unlock(&e1000_napi_lock);
}

static void e1000_napi_stats_on(void)
{
	struct e1000_napi *en;

	/* What was counted before has a gap after it: begin anew */
	list_for_each_entry(en, &e1000_napi_list, entry)
		e1000_napi_ask_reset(en);
	static_branch_enable(&e1000_napi_stats);
}

static void e1000_napi_stats_off(void)
{
	struct e1000_napi *en;

	static_branch_disable(&e1000_napi_stats);
	/* Polls run with bottom halves off, which RCU waits for: after this
	 * none is left that saw the key on, and nobody writes these but us.
	 */
	synchronize_rcu();
	list_for_each_entry(en, &e1000_napi_list, entry) {
		en->skip = true;
		/* Nobody knows what asks for the first poll after the gap;
		 * do not call it one that nothing asked for.
		 */
		en->next = E1000_NAPI_NEXT_REPOLL;
		en->irq_ns = 0;
	}
}

static void e1000_napi_timing_off(void)
{
	struct e1000_napi *en;

	static_branch_disable(&e1000_napi_timing);
	/* As above; what is left here would make a wrong time later */
	synchronize_rcu();
	list_for_each_entry(en, &e1000_napi_list, entry) {
		en->irq_ns = 0;
		en->began_ns = 0;
	}
}

static int e1000_napi_set_stats(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err;

	err = kstrtobool(val, &on);
	if (err)
		return err;

	mutex_lock(&e1000_napi_lock);
	if (on && !static_key_enabled(&e1000_napi_stats))
		e1000_napi_stats_on();
	else if (!on && static_key_enabled(&e1000_napi_stats))
		e1000_napi_stats_off();
	mutex_unlock(&e1000_napi_lock);

	return 0;
}

static int e1000_napi_set_timing(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err;

	err = kstrtobool(val, &on);
	if (err)
		return err;

	mutex_lock(&e1000_napi_lock);
	if (on)
		static_branch_enable(&e1000_napi_timing);
	else if (static_key_enabled(&e1000_napi_timing))
		e1000_napi_timing_off();
	mutex_unlock(&e1000_napi_lock);

	return 0;
}

static int e1000_napi_get_stats(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", static_key_enabled(&e1000_napi_stats));
}

static int e1000_napi_get_timing(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", static_key_enabled(&e1000_napi_timing));
}

static const struct kernel_param_ops e1000_napi_stats_ops = {
	.set = e1000_napi_set_stats,
	.get = e1000_napi_get_stats,
};

static const struct kernel_param_ops e1000_napi_timing_ops = {
	.set = e1000_napi_set_timing,
	.get = e1000_napi_get_timing,
};

module_param_cb(stats, &e1000_napi_stats_ops, NULL, 0644);
MODULE_PARM_DESC(stats, "Count and fill histograms, 0 or 1, live (default 1)");
module_param_cb(timing, &e1000_napi_timing_ops, NULL, 0644);
MODULE_PARM_DESC(timing, "Read the clock in each poll, 0 or 1, live (default 0)");
