// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/e1000_napi/<PCI address>/, and a symlink beside it by
 * interface name, for people: two network namespaces may use one name, so
 * programs should use the address. The text is an interface: docs/driver.md describes it.
 *
 * debugfs may fail or be off at any step; its functions take the errors that
 * its functions return, and the driver works without it.
 *
 * debugfs keeps files from going away while a read or write of them runs, and
 * fails later ones, so a device may be removed while its files are open. That
 * is also why no lock that they take may be held while they are removed.
 */

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "e1000.h"

struct e1000_napi_snap {
	u64 count[E1000_NAPI_COUNTS];
	struct e1000_hist hist[E1000_NAPI_HISTS];
};

static const struct {
	const char *name;
	const char *unit;
} e1000_napi_hist_info[E1000_NAPI_HISTS] = {
	[E1000_NAPI_RX_PER_POLL] = { "rx_per_poll", "packets" },
	[E1000_NAPI_TX_PER_POLL] = { "tx_per_poll", "packets" },
	[E1000_NAPI_POLLS_PER_IRQ] = { "polls_per_irq", "polls" },
	[E1000_NAPI_RX_PER_IRQ] = { "rx_per_irq", "packets" },
	[E1000_NAPI_POLL_NS] = { "poll_ns", "ns" },
	[E1000_NAPI_IRQ_TO_POLL_NS] = { "irq_to_poll_ns", "ns" },
};

static const char * const e1000_napi_count_name[E1000_NAPI_COUNTS] = {
	[E1000_NAPI_POLLS] = "polls",
	[E1000_NAPI_RX_PACKETS] = "rx_packets",
	[E1000_NAPI_TX_PACKETS] = "tx_packets",
	[E1000_NAPI_EMPTY] = "polls_empty",
	[E1000_NAPI_WHOLE_BUDGET] = "polls_whole_budget",
	[E1000_NAPI_TX_UNFINISHED] = "polls_tx_unfinished",
	[E1000_NAPI_KSOFTIRQD] = "polls_ksoftirqd",
	[E1000_NAPI_THREADED] = "polls_threaded",
	[E1000_NAPI_BUSY] = "polls_busy",
	[E1000_NAPI_NO_IRQ] = "polls_no_irq",
	[E1000_NAPI_IRQS] = "irqs",
	[E1000_NAPI_IRQS_NOT_OURS] = "irqs_not_ours",
};

/* The folder of all devices' folders, there while there is a device */
static DEFINE_MUTEX(e1000_napi_root_lock);
static struct dentry *e1000_napi_root;
static unsigned int e1000_napi_root_users;

static struct e1000_adapter *e1000_napi_adapter(struct e1000_napi *en)
{
	return container_of(en, struct e1000_adapter, napi_stats);
}

static void e1000_napi_show_head(struct seq_file *m, struct e1000_napi *en,
				 const char *what)
{
	struct e1000_adapter *adapter = e1000_napi_adapter(en);
	char name[IFNAMSIZ];

	spin_lock(&en->name_lock);
	memcpy(name, en->name, sizeof(name));
	spin_unlock(&en->name_lock);

	seq_printf(m, "# e1000_napi %d %s\n", E1000_NAPI_FORMAT, what);
	seq_printf(m, "# device %s %s\n", pci_name(adapter->pdev), name);
	seq_printf(m, "# weight %d\n", READ_ONCE(adapter->napi.weight));
	seq_printf(m, "# since_ns %llu\n", en->since_ns);
	seq_printf(m, "# now_ns %llu\n", ktime_get_ns());
}

static void e1000_napi_show_rows(struct seq_file *m,
				 const struct e1000_hist *hist)
{
	unsigned int i;
	u64 times;

	for (i = 0; i < E1000_HIST_CELLS; i++) {
		times = hist->cell[i];
		if (times)
			seq_printf(m, "%llu %llu\n", e1000_hist_lower(i), times);
	}
}

static void e1000_napi_show_counts(struct seq_file *m, const u64 *count)
{
	unsigned int i;

	for (i = 0; i < E1000_NAPI_COUNTS; i++)
		seq_printf(m, "%s %llu\n", e1000_napi_count_name[i], count[i]);
}

static int e1000_napi_hist_show(struct seq_file *m, void *unused)
{
	const struct e1000_napi_file *file = m->private;
	struct e1000_hist_totals totals;
	struct e1000_hist *hist;

	hist = kvmalloc(sizeof(*hist), GFP_KERNEL);
	if (!hist)
		return -ENOMEM;
	e1000_napi_copy_hist(file->en, file->id, hist);
	e1000_hist_total(hist, &totals);

	e1000_napi_show_head(m, file->en, e1000_napi_hist_info[file->id].name);
	seq_printf(m, "# unit %s\n", e1000_napi_hist_info[file->id].unit);
	seq_printf(m, "# count %llu\n# sum %llu\n# max %llu\n", totals.count,
		   totals.sum, totals.max);
	e1000_napi_show_rows(m, hist);
	kvfree(hist);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(e1000_napi_hist);

static int e1000_napi_counters_show(struct seq_file *m, void *unused)
{
	struct e1000_napi *en = m->private;
	u64 count[E1000_NAPI_COUNTS];

	e1000_napi_copy_counts(en, count);
	e1000_napi_show_head(m, en, "counters");
	e1000_napi_show_counts(m, count);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(e1000_napi_counters);

static int e1000_napi_snapshot_show(struct seq_file *m, void *unused)
{
	struct e1000_napi *en = m->private;
	struct e1000_hist_totals totals;
	struct e1000_napi_snap *snap;
	unsigned int i;
	u64 during;

	snap = kvmalloc(sizeof(*snap), GFP_KERNEL);
	if (!snap)
		return -ENOMEM;
	during = e1000_napi_copy_all(en, snap->count, snap->hist);

	e1000_napi_show_head(m, en, "snapshot");
	seq_printf(m, "# polls_during_read %llu\n", during);
	seq_puts(m, "# counters\n");
	e1000_napi_show_counts(m, snap->count);
	for (i = 0; i < E1000_NAPI_HISTS; i++) {
		e1000_hist_total(&snap->hist[i], &totals);
		seq_printf(m, "# histogram %s %s %llu %llu %llu\n",
			   e1000_napi_hist_info[i].name,
			   e1000_napi_hist_info[i].unit,
			   totals.count, totals.sum, totals.max);
		e1000_napi_show_rows(m, &snap->hist[i]);
	}
	kvfree(snap);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(e1000_napi_snapshot);

/* A decimal number, a newline at most after it, and nothing else */
static int e1000_napi_read_uint(const char __user *ubuf, size_t count,
				unsigned int *val)
{
	char buf[12];

	if (!count || count >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, count))
		return -EFAULT;
	buf[count] = '\0';
	/* kstrtouint() takes a plus sign */
	if (strlen(buf) != count || !isdigit(buf[0]))
		return -EINVAL;

	return kstrtouint(buf, 10, val);
}

static int e1000_napi_weight_show(struct seq_file *m, void *unused)
{
	struct e1000_napi *en = m->private;

	seq_printf(m, "%d\n", READ_ONCE(e1000_napi_adapter(en)->napi.weight));

	return 0;
}

static int e1000_napi_weight_open(struct inode *inode, struct file *file)
{
	return single_open(file, e1000_napi_weight_show, inode->i_private);
}

static ssize_t e1000_napi_weight_write(struct file *file,
				       const char __user *ubuf, size_t count,
				       loff_t *ppos)
{
	struct e1000_napi *en = file_inode(file)->i_private;
	unsigned int weight;
	int err;

	err = e1000_napi_read_uint(ubuf, count, &weight);
	if (!err)
		err = e1000_napi_set_weight(e1000_napi_adapter(en), weight);

	return err ? err : count;
}

static const struct file_operations e1000_napi_weight_fops = {
	.owner = THIS_MODULE,
	.open = e1000_napi_weight_open,
	.read = seq_read,
	.write = e1000_napi_weight_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static const struct {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
} e1000_napi_files[] = {
	{ "weight", 0600, &e1000_napi_weight_fops },
	{ "counters", 0400, &e1000_napi_counters_fops },
	{ "snapshot", 0400, &e1000_napi_snapshot_fops },
};

static struct dentry *e1000_napi_get_root(void)
{
	mutex_lock(&e1000_napi_root_lock);
	if (!e1000_napi_root_users++)
		e1000_napi_root = debugfs_create_dir(KBUILD_MODNAME, NULL);
	mutex_unlock(&e1000_napi_root_lock);

	return e1000_napi_root;
}

static void e1000_napi_put_root(void)
{
	mutex_lock(&e1000_napi_root_lock);
	if (!--e1000_napi_root_users)
		debugfs_remove(e1000_napi_root);
	mutex_unlock(&e1000_napi_root_lock);
}

static void e1000_napi_unlink(struct e1000_napi *en)
{
	debugfs_remove(en->link);
	en->link = NULL;
}

static void e1000_napi_relink(struct e1000_napi *en)
{
	struct e1000_adapter *adapter = e1000_napi_adapter(en);
	const char *name = netdev_name(adapter->netdev);
	struct dentry *taken;

	spin_lock(&en->name_lock);
	strscpy(en->name, name, sizeof(en->name));
	spin_unlock(&en->name_lock);

	e1000_napi_unlink(en);
	if (IS_ERR(e1000_napi_root))
		return;

	/* Two network namespaces may use one name; the first has the link */
	taken = debugfs_lookup(name, e1000_napi_root);
	if (taken) {
		dput(taken);
		return;
	}
	en->link = debugfs_create_symlink(name, e1000_napi_root,
					  pci_name(adapter->pdev));
	if (IS_ERR(en->link))
		en->link = NULL;
}

/* Called under RTNL for every device of the namespace that ours is in */
static int e1000_napi_netdev_event(struct notifier_block *nb,
				   unsigned long event, void *ptr)
{
	struct e1000_napi *en = container_of(nb, struct e1000_napi, nb);

	if (netdev_notifier_info_to_dev(ptr) !=
	    e1000_napi_adapter(en)->netdev)
		return NOTIFY_DONE;

	switch (event) {
	case NETDEV_REGISTER:	/* sent for the past, and after a move */
	case NETDEV_CHANGENAME:
		e1000_napi_relink(en);
		break;
	case NETDEV_UNREGISTER:
		e1000_napi_unlink(en);
		break;
	}

	return NOTIFY_DONE;
}

/**
 * e1000_napi_add() - make a device's debugfs files
 * @adapter: a registered adapter
 *
 * Context: end of probe, RTNL not held.
 */
void e1000_napi_add(struct e1000_adapter *adapter)
{
	struct e1000_napi *en = &adapter->napi_stats;
	size_t i;

	e1000_napi_list_add(en);

	en->dir = debugfs_create_dir(pci_name(adapter->pdev),
				     e1000_napi_get_root());
	for (i = 0; i < ARRAY_SIZE(e1000_napi_files); i++)
		debugfs_create_file(e1000_napi_files[i].name,
				    e1000_napi_files[i].mode, en->dir, en,
				    e1000_napi_files[i].fops);
	for (i = 0; i < E1000_NAPI_HISTS; i++) {
		en->file[i].en = en;
		en->file[i].id = i;
		debugfs_create_file(e1000_napi_hist_info[i].name, 0400, en->dir,
				    &en->file[i], &e1000_napi_hist_fops);
	}

	en->nb.notifier_call = e1000_napi_netdev_event;
	en->nb_on = !register_netdevice_notifier_dev_net(adapter->netdev,
							 &en->nb, &en->nn);
}

/**
 * e1000_napi_remove() - undo e1000_napi_add()
 * @adapter: an adapter that is still registered
 *
 * When this returns, no reader or writer of the device's files is left.
 *
 * Context: beginning of remove, RTNL not held.
 */
void e1000_napi_remove(struct e1000_adapter *adapter)
{
	struct e1000_napi *en = &adapter->napi_stats;

	if (en->nb_on)
		unregister_netdevice_notifier_dev_net(adapter->netdev,
						      &en->nb, &en->nn);
	e1000_napi_unlink(en);
	debugfs_remove_recursive(en->dir);
	e1000_napi_put_root();
	e1000_napi_list_del(en);
}
