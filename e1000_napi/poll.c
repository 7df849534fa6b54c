// SPDX-License-Identifier: GPL-2.0
/*
 * Record of each poll: the writer, and how to read safely. e1000_napi.h says
 * who may write what, and why no lock is needed. Counters and histograms only
 * grow; a reader that wants the growth since some moment subtracts two copies.
 */

#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "e1000.h"

#define E1000_NAPI_CHUNK	64	/* u64s that a reader copies in one go */
#define E1000_NAPI_TRIES	4	/* to copy everything in one go */
#define E1000_NAPI_HIST_WORDS	(sizeof(struct e1000_hist) / sizeof(u64))

/**
 * e1000_napi_begin_time() - note when a poll begins
 * @en: the adapter's state, whose NAPI the caller owns
 *
 * Context: poll.
 */
void e1000_napi_begin_time(struct e1000_napi *en)
{
	en->began_ns = ktime_get_ns();
}

/* Is this the kernel thread whose name begins so? ksoftirqd's per-CPU pointer
 * is not exported and 5.10 has no napi->thread, but the names are fixed, and
 * comparing eight bytes is one instruction. A process that calls itself so is
 * not a kernel thread.
 */
static __always_inline bool e1000_napi_in_thread(const char *name, size_t len)
{
	/* data_race(): if the task is renamed right now, one poll is counted
	 * as if in the wrong place; nothing depends on it
	 */
	return data_race(!memcmp(current->comm, name, len)) &&
	       (current->flags & PF_KTHREAD);
}

static noinline void e1000_napi_add_times(struct e1000_napi *en)
{
	struct e1000_hist *hist = en->data->hist;

	if (unlikely(!en->began_ns))
		return;
	e1000_hist_add(&hist[E1000_NAPI_POLL_NS],
		       ktime_get_ns() - en->began_ns);
	/* The first poll of an interrupt that is known */
	if (en->cycle_polls == 1 && en->irq_ns)
		e1000_hist_add(&hist[E1000_NAPI_IRQ_TO_POLL_NS],
			       en->began_ns - en->irq_ns);
	/* Used once, as a time must not outlive the switching of `timing` */
	en->began_ns = 0;
	en->irq_ns = 0;
}

/**
 * e1000_napi_end_poll() - count what a poll did
 * @adapter: the adapter, whose NAPI the caller owns
 * @budget: as the poll got it
 * @work_done: receive descriptors used
 * @tx_done: nothing sent is left to clean
 *
 * Packets are the growth of the driver's own totals during the poll, not
 * @work_done, which counts descriptors: fragments of jumbo frames and bad
 * frames too.
 *
 * netpoll's calls, with budget 0, only clean sent packets and do not own the
 * NAPI: they are not polls, and what they clean is not counted.
 *
 * Context: poll, before napi_complete_done().
 */
void e1000_napi_end_poll(struct e1000_adapter *adapter, int budget,
			 int work_done, bool tx_done)
{
	struct e1000_napi *en = &adapter->napi_stats;
	struct e1000_napi_data *data = en->counting;
	u8 asked = en->next;
	u64 *count;
	u32 rx, tx;

	/* Used once, by netpoll's calls too, as it must not outlive the
	 * switching of `stats`
	 */
	en->counting = NULL;
	if (unlikely(!budget || !data))
		return;
	count = data->count;
	raw_write_seqcount_begin(&data->seq);

	/* Its request */
	if (likely(work_done != budget && tx_done)) {
		en->next = E1000_NAPI_NEXT_NONE;
	} else {
		en->next = E1000_NAPI_NEXT_REPOLL;
		e1000_hist_grow(work_done == budget ?
				&count[E1000_NAPI_WHOLE_BUDGET] :
				&count[E1000_NAPI_TX_UNFINISHED], 1);
	}

	/* Its work */
	rx = adapter->total_rx_packets - en->rx_before;
	tx = adapter->total_tx_packets - en->tx_before;
	e1000_hist_add(&data->hist[E1000_NAPI_RX_PER_POLL], rx);
	e1000_hist_add(&data->hist[E1000_NAPI_TX_PER_POLL], tx);
	e1000_hist_grow(&count[E1000_NAPI_POLLS], 1);
	if (!(rx | tx))
		e1000_hist_grow(&count[E1000_NAPI_EMPTY], 1);

	/* Its cause; an interrupt closes the account of the last one.
	 * After a gap the mark may be of one whose poll was not counted.
	 */
	if (unlikely(asked == E1000_NAPI_NEXT_UNKNOWN)) {
		en->cycle_polls = 0;
	} else if (likely(en->irq)) {
		if (en->cycle_polls) {
			e1000_hist_add(&data->hist[E1000_NAPI_POLLS_PER_IRQ],
				       en->cycle_polls);
			e1000_hist_add(&data->hist[E1000_NAPI_RX_PER_IRQ],
				       en->cycle_rx);
		}
		en->cycle_polls = 1;
		en->cycle_rx = rx;
	} else {
		if (asked == E1000_NAPI_NEXT_NONE)
			e1000_hist_grow(&count[E1000_NAPI_NO_IRQ], 1);
		if (en->cycle_polls) {
			en->cycle_polls++;
			en->cycle_rx += rx;
		}
	}
	en->irq = false;

	/* Where it ran: a softirq on whatever it interrupted is the common
	 * case and not counted
	 */
	if (likely(in_serving_softirq())) {
		if (e1000_napi_in_thread("ksoftirq", 8))
			e1000_hist_grow(&count[E1000_NAPI_KSOFTIRQD], 1);
	} else if (e1000_napi_in_thread("napi/", 5)) {
		e1000_hist_grow(&count[E1000_NAPI_THREADED], 1);
	} else {
		e1000_hist_grow(&count[E1000_NAPI_BUSY], 1);
	}

	if (static_branch_unlikely(&e1000_napi_timing))
		e1000_napi_add_times(en);

	raw_write_seqcount_end(&data->seq);
}

static void e1000_napi_read(u64 *to, const u64 *from, size_t words)
{
	while (words--)
		*to++ = READ_ONCE(*from++);
}

/* In chunks, so that a reader gets done however often polls run. It sleeps
 * rather than spins: on PREEMPT_RT it may have preempted the writer.
 */
static void e1000_napi_copy(const seqcount_t *seq, u64 *to, const u64 *from,
			    size_t words)
{
	unsigned int start;
	size_t n;

	while (words) {
		n = min_t(size_t, words, E1000_NAPI_CHUNK);
		start = raw_seqcount_begin(seq);
		e1000_napi_read(to, from, n);
		if (read_seqcount_retry(seq, start)) {
			usleep_range(5, 50);
			continue;
		}
		to += n;
		from += n;
		words -= n;
	}
}

/* The sum of a histogram's values, which the poll does not count besides */
static u64 e1000_napi_sum(const struct e1000_napi_data *data,
			  enum e1000_napi_hist_id id)
{
	const struct e1000_hist *hist = &data->hist[id];
	u64 cell[E1000_NAPI_CHUNK], sum;
	unsigned int first, n, i;

	e1000_napi_copy(&data->seq, &sum, &hist->over_sum, 1);
	for (first = 0; first <= E1000_HIST_EXACT; first += n) {
		n = min_t(unsigned int, E1000_NAPI_CHUNK,
			  E1000_HIST_EXACT + 1 - first);
		e1000_napi_copy(&data->seq, cell, &hist->cell[first], n);
		for (i = 0; i < n; i++)
			sum += cell[i] * (first + i);
	}

	return sum;
}

static struct e1000_napi_data *e1000_napi_data(struct e1000_napi *en)
{
	/* Pairs with the release in e1000_napi_alloc() */
	return smp_load_acquire(&en->data);
}

/**
 * e1000_napi_copy_counts() - read all counters
 * @en: the device's state
 * @to: E1000_NAPI_COUNTS values
 *
 * Context: any process; may sleep.
 */
void e1000_napi_copy_counts(struct e1000_napi *en, u64 *to)
{
	struct e1000_napi_data *data = e1000_napi_data(en);
	unsigned long flags;
	unsigned int start;

	memset(to, 0, E1000_NAPI_COUNTS * sizeof(*to));
	if (data) {
		e1000_napi_copy(&data->seq, to, data->count, E1000_NAPI_IRQS);
		to[E1000_NAPI_RX_PACKETS] =
			e1000_napi_sum(data, E1000_NAPI_RX_PER_POLL);
		to[E1000_NAPI_TX_PACKETS] =
			e1000_napi_sum(data, E1000_NAPI_TX_PER_POLL);
	}

	/* Interrupts are off because on 32 bit with one CPU nothing else keeps
	 * the writer out in kernels before 6.1
	 */
	local_irq_save(flags);
	do {
		start = u64_stats_fetch_begin(&en->irq_sync);
		e1000_napi_read(to + E1000_NAPI_IRQS, en->irqs,
				E1000_NAPI_IRQ_COUNTS);
	} while (u64_stats_fetch_retry(&en->irq_sync, start));
	local_irq_restore(flags);
}

/**
 * e1000_napi_copy_hist() - read a histogram
 * @en: the device's state
 * @id: which one
 * @to: filled in
 *
 * Context: any process; may sleep.
 */
void e1000_napi_copy_hist(struct e1000_napi *en, enum e1000_napi_hist_id id,
			  struct e1000_hist *to)
{
	struct e1000_napi_data *data = e1000_napi_data(en);

	memset(to, 0, sizeof(*to));
	if (data)
		e1000_napi_copy(&data->seq, (u64 *)to,
				(const u64 *)&data->hist[id],
				E1000_NAPI_HIST_WORDS);
}

/**
 * e1000_napi_copy_all() - read all counters and histograms
 * @en: the device's state
 * @count: E1000_NAPI_COUNTS values
 * @hist: E1000_NAPI_HISTS histograms
 *
 * Context: any process; may sleep.
 * Return: 0 if all that polls write is of one moment, else how many polls ran
 * meanwhile.
 */
u64 e1000_napi_copy_all(struct e1000_napi *en, u64 *count,
			struct e1000_hist *hist)
{
	struct e1000_napi_data *data = e1000_napi_data(en);
	unsigned int tries, start, i;
	u64 polls;

	e1000_napi_copy_counts(en, count);
	for (tries = 0; data && tries < E1000_NAPI_TRIES; tries++) {
		start = raw_seqcount_begin(&data->seq);
		e1000_napi_read(count, data->count, E1000_NAPI_IRQS);
		e1000_napi_read((u64 *)hist, (const u64 *)data->hist,
				E1000_NAPI_HISTS * E1000_NAPI_HIST_WORDS);
		if (read_seqcount_retry(&data->seq, start))
			continue;
		count[E1000_NAPI_RX_PACKETS] =
			e1000_hist_sum(&hist[E1000_NAPI_RX_PER_POLL]);
		count[E1000_NAPI_TX_PACKETS] =
			e1000_hist_sum(&hist[E1000_NAPI_TX_PER_POLL]);
		return 0;
	}

	e1000_napi_copy_counts(en, count);
	polls = count[E1000_NAPI_POLLS];
	for (i = 0; i < E1000_NAPI_HISTS; i++)
		e1000_napi_copy_hist(en, i, &hist[i]);
	e1000_napi_copy_counts(en, count);

	return data ? max_t(u64, 1, count[E1000_NAPI_POLLS] - polls) : 0;
}

/**
 * e1000_napi_update_stats() - copy the counters for ethtool -S
 * @adapter: the adapter
 *
 * Context: process, RTNL held.
 */
void e1000_napi_update_stats(struct e1000_adapter *adapter)
{
	e1000_napi_copy_counts(&adapter->napi_stats, adapter->napi_stats.shown);
}
