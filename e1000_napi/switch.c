// SPDX-License-Identifier: GPL-2.0
/*
 * The parameters `stats` and `timing`, and the devices that they reach.
 * Switching is rare, so its cost does not matter; no counter may become wrong
 * by it, at no moment of the traffic.
 */

#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "e1000.h"

DEFINE_STATIC_KEY_TRUE(e1000_napi_stats);
DEFINE_STATIC_KEY_FALSE(e1000_napi_timing);

/* All devices that have their debugfs files, and who may switch */
static DEFINE_MUTEX(e1000_napi_lock);
static LIST_HEAD(e1000_napi_list);
static unsigned int e1000_napi_switched;	/* how often */

static void e1000_napi_free(void *data)
{
	kvfree(data);
}

/* Apart from the adapter, so that a NIC works without it. No poll of the
 * device looks for it meanwhile: `stats` is off, or the device is not there yet
 */
static void e1000_napi_alloc(struct e1000_napi *en)
{
	struct e1000_adapter *adapter =
		container_of(en, struct e1000_adapter, napi_stats);
	struct device *dev = &adapter->pdev->dev;
	struct e1000_napi_data *data;

	if (en->data)
		return;
	data = kvzalloc(sizeof(*data), GFP_KERNEL);
	/* Freed when the device's driver is gone, and its last poll with it */
	if (!data || devm_add_action_or_reset(dev, e1000_napi_free, data)) {
		dev_warn(dev, "no memory for poll statistics; to try again, switch the parameter stats off and on\n");
		return;
	}
	seqcount_init(&data->seq);
	/* Pairs with the acquire in e1000_napi_data() */
	smp_store_release(&en->data, data);
}

/* Switch a key on or off, while its code runs.
 *
 * On: its sites are patched one after the other. A poll whose beginning was not
 * patched yet is not counted, because counting is not set. The first one that is
 * counted finds next unknown, so it takes no old interrupt for its own.
 *
 * Off: counting or a time may have been set at a site that is patched later than
 * the one that would have used it. Polls run with bottom halves off, and
 * e1000_intr() with interrupts off (PREEMPT_RT: bottom halves). RCU waits for
 * both, so after it no site is left that saw the key on, and nothing else
 * writes these.
 */
static void e1000_napi_switch(struct static_key *key, bool on)
{
	struct e1000_napi *en;

	lockdep_assert_held(&e1000_napi_lock);

	e1000_napi_switched++;
	if (on) {
		if (key == &e1000_napi_stats.key && !static_key_enabled(key))
			list_for_each_entry(en, &e1000_napi_list, entry)
				e1000_napi_alloc(en);
		static_key_enable(key);
		return;
	}

	static_key_disable(key);
	synchronize_rcu();
	list_for_each_entry(en, &e1000_napi_list, entry) {
		if (key == &e1000_napi_stats.key) {
			en->counting = NULL;
			en->began_ns = 0;
			en->next = E1000_NAPI_NEXT_UNKNOWN;
		} else {
			en->began_ns = 0;
			en->irq_ns = 0;
		}
	}
}

/**
 * e1000_napi_init() - prepare to count, and give the device its weight
 * @adapter: an adapter that is not registered yet
 *
 * Context: probe, no poll and no interrupt can run yet.
 */
void e1000_napi_init(struct e1000_adapter *adapter)
{
	struct e1000_napi *en = &adapter->napi_stats;

	u64_stats_init(&en->irq_sync);
	spin_lock_init(&en->name_lock);
	en->since_ns = ktime_get_ns();
	mutex_lock(&e1000_napi_lock);
	en->switched = e1000_napi_switched;
	if (static_key_enabled(&e1000_napi_stats))
		e1000_napi_alloc(en);
	mutex_unlock(&e1000_napi_lock);
	e1000_napi_init_weight(adapter);
	e1000_napi_init_ethtool(adapter);
}

/**
 * e1000_napi_list_add() - let the parameters reach a device
 * @en: the device's state
 *
 * Context: process; takes e1000_napi_lock.
 */
void e1000_napi_list_add(struct e1000_napi *en)
{
	struct static_key *keys[] = {
		&e1000_napi_stats.key, &e1000_napi_timing.key,
	};
	unsigned int i;
	bool on;

	mutex_lock(&e1000_napi_lock);
	list_add_tail(&en->entry, &e1000_napi_list);
	/* A switch since e1000_napi_init() did not reach it: repeat it */
	for (i = 0; en->switched != e1000_napi_switched && i < 2; i++) {
		on = static_key_enabled(keys[i]);
		e1000_napi_switch(keys[i], false);
		if (on)
			e1000_napi_switch(keys[i], true);
	}
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

static int e1000_napi_set_key(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err;

	err = kstrtobool(val, &on);
	if (err)
		return err;

	mutex_lock(&e1000_napi_lock);
	e1000_napi_switch(kp->arg, on);
	mutex_unlock(&e1000_napi_lock);

	return 0;
}

static int e1000_napi_get_key(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n",
			  static_key_enabled((struct static_key *)kp->arg));
}

static const struct kernel_param_ops e1000_napi_key_ops = {
	.set = e1000_napi_set_key,
	.get = e1000_napi_get_key,
};

module_param_cb(stats, &e1000_napi_key_ops, &e1000_napi_stats.key, 0644);
MODULE_PARM_DESC(stats, "Count and fill histograms, 0 or 1, live (default 1)");
module_param_cb(timing, &e1000_napi_key_ops, &e1000_napi_timing.key, 0644);
MODULE_PARM_DESC(timing, "Read the clock in each poll, 0 or 1, live (default 0)");
