// SPDX-License-Identifier: GPL-2.0
/*
 * The NAPI weight: the most packets that one poll may take.
 *
 * Three doors lead to it: the module parameter at load, ethtool -C
 * (rx-frames-irq) and debugfs, live. All go through e1000_napi_set_weight().
 * The core reads napi->weight again for every poll, so a new weight needs no
 * reset, no link change, and loses no packet. The driver registers its NAPI
 * with the default and the weight is set after, because the core warns about
 * any above 64 at registration.
 */

#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/ethtool.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "e1000.h"

static unsigned int e1000_napi_weights[E1000_NAPI_MAX_PORTS];
static unsigned int e1000_napi_ports;

static bool e1000_napi_weight_ok(unsigned int weight)
{
	/* 0 would make the core poll again and again without end */
	return weight >= E1000_NAPI_WEIGHT_MIN &&
	       weight <= E1000_NAPI_WEIGHT_MAX;
}

static int e1000_napi_parse_weights(char *list)
{
	unsigned int weight, n = 0;
	char *word;

	while ((word = strsep(&list, ","))) {
		if (n == E1000_NAPI_MAX_PORTS) {
			pr_err("weight: more than %d ports\n",
			       E1000_NAPI_MAX_PORTS);
			return -EINVAL;
		}
		/* kstrtouint() takes a plus sign */
		if (!isdigit(word[0]) || kstrtouint(word, 10, &weight) ||
		    !e1000_napi_weight_ok(weight)) {
			pr_err("weight \"%*pE\" is not a whole number from %d to %d\n",
			       (int)strnlen(word, 32), word,
			       E1000_NAPI_WEIGHT_MIN, E1000_NAPI_WEIGHT_MAX);
			return -EINVAL;
		}
		e1000_napi_weights[n++] = weight;
	}
	e1000_napi_ports = n;

	return 0;
}

static int e1000_napi_set_weights(const char *val,
				  const struct kernel_param *kp)
{
	/* Built in, this runs before there is anything to allocate from; one
	 * at a time, as the core holds a lock. 32 ports and some white space.
	 */
	static char list[256];

	if (strscpy(list, val, sizeof(list)) < 0) {
		pr_err("weight: a list of over %zu characters\n",
		       sizeof(list) - 1);
		return -EINVAL;
	}

	return e1000_napi_parse_weights(strim(list));
}

static int e1000_napi_get_weights(char *buf, const struct kernel_param *kp)
{
	unsigned int i;
	int len = 0;

	if (!e1000_napi_ports)
		return sysfs_emit(buf, "%d\n", NAPI_POLL_WEIGHT);
	for (i = 0; i < e1000_napi_ports; i++)
		len += sysfs_emit_at(buf, len, "%s%u", i ? "," : "",
				     e1000_napi_weights[i]);
	len += sysfs_emit_at(buf, len, "\n");

	return len;
}

static const struct kernel_param_ops e1000_napi_weight_ops = {
	.set = e1000_napi_set_weights,
	.get = e1000_napi_get_weights,
};

/* Not writable: a device's weight is changed by ethtool -C or debugfs */
module_param_cb(weight, &e1000_napi_weight_ops, NULL, 0444);
MODULE_PARM_DESC(weight, "NAPI weight, 1-4096 (default 64); one for all ports, or one per port: N,M,...");

/**
 * e1000_napi_init_weight() - give a new device the weight asked for at load
 * @adapter: an adapter that is not registered yet
 *
 * One value in the list is for every port. In a longer one, ports have a
 * place each, as in the driver's own parameters; those beyond keep the default.
 *
 * Context: probe.
 */
void e1000_napi_init_weight(struct e1000_adapter *adapter)
{
	u32 port = e1000_napi_ports == 1 ? 0 : adapter->bd_number;

	if (port < e1000_napi_ports)
		WRITE_ONCE(adapter->napi.weight, e1000_napi_weights[port]);
}

/* Before 5.15 there is no extack, and ioctl() never has one */
static int e1000_napi_refuse(struct e1000_adapter *adapter,
			     struct netlink_ext_ack *extack, int err,
			     const char *why)
{
	if (extack)
		extack->_msg = why;
	else if (net_ratelimit())
		netdev_err(adapter->netdev, "%s\n", why);

	return err;
}

/**
 * e1000_napi_set_weight() - change the weight of a live device
 * @adapter: the adapter, up or down
 * @weight: packets a poll may take
 *
 * When this returns, no poll runs any more that began with the old weight:
 * polls run with bottom halves off, and RCU waits for those. (Busy polls bring
 * a budget of their own, whatever the weight.)
 *
 * Writers are not serialised; of two at once, the last one wins.
 *
 * Context: process; may sleep; RTNL may be held.
 * Return: 0, or -EINVAL if @weight is out of range; nothing is changed then.
 */
int e1000_napi_set_weight(struct e1000_adapter *adapter, unsigned int weight)
{
	if (!e1000_napi_weight_ok(weight))
		return e1000_napi_refuse(adapter, NULL, -EINVAL,
					 "weight is not from 1 to 4096");
	if (READ_ONCE(adapter->napi.weight) == (int)weight)
		return 0;

	WRITE_ONCE(adapter->napi.weight, weight);
	/* Expedited: a sweep changes the weight several times a second */
	synchronize_rcu_expedited();

	return 0;
}

/**
 * e1000_napi_init_ethtool() - offer what the controller has
 * @adapter: an adapter that is not registered yet
 *
 * Controllers before the 82545 have no rx-usecs in this driver. Without it in
 * the mask the core refuses to set it there, as stock e1000 does.
 *
 * Context: probe.
 */
void e1000_napi_init_ethtool(struct e1000_adapter *adapter)
{
	const struct ethtool_ops *ops = adapter->netdev->ethtool_ops;

	if (adapter->hw.mac_type >= e1000_82545)
		return;

	ops = devm_kmemdup(&adapter->pdev->dev, ops, sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return;
	/* This copy is ours to change */
	*(u32 *)&ops->supported_coalesce_params = E1000_NAPI_COALESCE;
	adapter->netdev->ethtool_ops = ops;
}

/* rx-usecs as the driver's own get_coalesce shows it */
static u32 e1000_napi_usecs(const struct e1000_adapter *adapter)
{
	if (adapter->hw.mac_type < e1000_82545)
		return 0;
	if (adapter->itr_setting <= 4)
		return adapter->itr_setting;
	return 1000000 / adapter->itr_setting;
}

/**
 * e1000_napi_get_coalesce() - show the weight in ethtool -c
 * @adapter: the adapter
 * @ec: rx-frames-irq is filled in
 *
 * Context: process, RTNL held.
 * Return: true if that is all that this device has: the driver does not offer
 * rx-usecs on controllers before the 82545.
 */
bool e1000_napi_get_coalesce(struct e1000_adapter *adapter,
			     struct ethtool_coalesce *ec)
{
	ec->rx_max_coalesced_frames_irq = READ_ONCE(adapter->napi.weight);

	return adapter->hw.mac_type < e1000_82545;
}

/**
 * e1000_napi_check_coalesce() - may ethtool -C set this weight?
 * @adapter: the adapter
 * @ec: the values asked for; a rx-frames-irq of 0 by ioctl() means that it
 *	stays as it is, since stock e1000 has callers that know only rx-usecs,
 *	and gets the present value
 * @extack: gets the reason; NULL: the kernel's log gets it
 *
 * The owner of a user namespace may call this for a device that was moved into
 * it. A weight above the core's default takes CPU time from others, so that is
 * for those who may configure the host's own network.
 *
 * Context: process, RTNL held.
 * Return: 0, -EINVAL, -EPERM, or -EOPNOTSUPP if nothing is asked for that the
 * device has.
 */
int e1000_napi_check_coalesce(struct e1000_adapter *adapter,
			      struct ethtool_coalesce *ec,
			      struct netlink_ext_ack *extack)
{
	u32 now = READ_ONCE(adapter->napi.weight);

	if (!ec->rx_max_coalesced_frames_irq && !extack) {
		if (adapter->hw.mac_type < e1000_82545)
			return -EOPNOTSUPP;
		ec->rx_max_coalesced_frames_irq = now;
	}
	if (ec->rx_max_coalesced_frames_irq == now)
		return 0;
	if (!e1000_napi_weight_ok(ec->rx_max_coalesced_frames_irq))
		return e1000_napi_refuse(adapter, extack, -EINVAL,
			"rx-frames-irq, the NAPI weight, is from 1 to 4096");
	if (ec->rx_max_coalesced_frames_irq > NAPI_POLL_WEIGHT &&
	    !capable(CAP_NET_ADMIN))
		return e1000_napi_refuse(adapter, extack, -EPERM,
			"rx-frames-irq above 64 requires CAP_NET_ADMIN in the initial user namespace");

	return 0;
}

/**
 * e1000_napi_same_usecs() - ethtool -C leaves rx-usecs as it is
 * @adapter: the adapter
 * @ec: the values asked for
 *
 * Then only the weight is set: the driver's own code would write the interrupt
 * throttle register again, or refuse, where it does not offer rx-usecs.
 *
 * Context: process, RTNL held.
 * Return: true if so.
 */
bool e1000_napi_same_usecs(struct e1000_adapter *adapter,
			   const struct ethtool_coalesce *ec)
{
	return ec->rx_coalesce_usecs == e1000_napi_usecs(adapter);
}
