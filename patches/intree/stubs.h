#else /* !CONFIG_E1000_NAPI_STATS */

#include <linux/ethtool.h>
#include <linux/interrupt.h>
#include <linux/netdevice.h>
#include <linux/types.h>

struct e1000_adapter;
struct netlink_ext_ack;

struct e1000_napi {
};

#define E1000_NAPI_COALESCE	0

static inline void e1000_napi_init(struct e1000_adapter *adapter)
{
}

static inline void e1000_napi_add(struct e1000_adapter *adapter)
{
}

static inline void e1000_napi_remove(struct e1000_adapter *adapter)
{
}

static inline void e1000_napi_irq(struct e1000_napi *en, u32 icr)
{
}

static inline void e1000_napi_scheduled(struct e1000_napi *en)
{
}

static inline void e1000_napi_netpoll(struct e1000_napi *en,
				      irq_handler_t handler, int irq,
				      struct net_device *netdev)
{
	handler(irq, netdev);
}

static inline void e1000_napi_begin(struct e1000_napi *en,
				    const unsigned int *rx,
				    const unsigned int *tx)
{
}

static inline void e1000_napi_end(struct e1000_adapter *adapter, int budget,
				  int work_done, bool tx_done)
{
}

static inline void e1000_napi_update_stats(struct e1000_adapter *adapter)
{
}

static inline int e1000_napi_set_weight(struct e1000_adapter *adapter,
					unsigned int weight)
{
	return 0;
}

static inline int e1000_napi_check_coalesce(struct e1000_adapter *adapter,
					    struct ethtool_coalesce *ec,
					    struct netlink_ext_ack *extack)
{
	return 0;
}

static inline bool e1000_napi_get_coalesce(struct e1000_adapter *adapter,
					   struct ethtool_coalesce *ec)
{
	return false;
}

static inline bool e1000_napi_same_usecs(struct e1000_adapter *adapter,
					 const struct ethtool_coalesce *ec)
{
	return false;
}

#endif /* CONFIG_E1000_NAPI_STATS */
