/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A made-up network card for the guest: what a card does that stamps, on top of another interface.
 * Its clock runs apart from the kernel's; packets that come are stamped by it, at the first bit of
 * a frame on a link of 10 Mb/s; those that leave a little late, and from a work queue, one at a
 * time. All that is between a driver and a program is the kernel's own.
 *
 *	insmod stampcard.ko lower=eth0; ip link set card0 up
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/net_tstamp.h>
#include <linux/netdevice.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/rtnetlink.h>

#define SPEED_MBPS 10
#define FRAME_NS(octets) (((octets) + 4) * 8000ULL / SPEED_MBPS)
#define BEGAN_NS (1000 * (s64)NSEC_PER_SEC)

static char *lower = "eth0";
module_param(lower, charp, 0444);
static int ppm = 60;
module_param(ppm, int, 0444);
/* From a frame's last bit to the kernel's own stamp, which is taken before us. */
static int late_ns = 50000;
module_param(late_ns, int, 0644);
/* Transmit stamps that never come. */
static int lossy;
module_param(lossy, int, 0644);

struct card {
	struct net_device *dev;
	struct net_device *lower;
	struct ptp_clock *ptp;
	struct ptp_clock_info info;
	spinlock_t lock;
	s64 offset_ns;
	struct hwtstamp_config config;
	struct sk_buff *waits; /* for its transmit stamp */
	u64 left_ns;
	struct work_struct work;
};

static struct net_device *only;

/* ---- its clock ---- */

static u64 read_clock(struct card *c)
{
	u64 raw = ktime_get_raw_ns();

	return raw + div_u64(raw, 1000000) * ppm + READ_ONCE(c->offset_ns);
}

static int clock_get(struct ptp_clock_info *info, struct timespec64 *ts,
		     struct ptp_system_timestamp *sts)
{
	struct card *c = container_of(info, struct card, info);

	ptp_read_system_prets(sts);
	*ts = ns_to_timespec64(read_clock(c));
	ptp_read_system_postts(sts);
	return 0;
}

static int clock_shift(struct ptp_clock_info *info, s64 by_ns)
{
	struct card *c = container_of(info, struct card, info);

	WRITE_ONCE(c->offset_ns, c->offset_ns + by_ns);
	return 0;
}

static int clock_set(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	struct card *c = container_of(info, struct card, info);

	return clock_shift(info, timespec64_to_ns(ts) - (s64)read_clock(c));
}

static const struct ptp_clock_info clock_info = {
	.owner = THIS_MODULE,
	.name = "stampcard",
	.gettimex64 = clock_get,
	.settime64 = clock_set,
	.adjtime = clock_shift,
};

/* ---- packets ---- */

static rx_handler_result_t receive(struct sk_buff **pskb)
{
	struct net_device *dev = rcu_dereference((*pskb)->dev->rx_handler_data);
	struct card *c = netdev_priv(dev);
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);

	if (!skb)
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	if (!netif_running(dev))
		return RX_HANDLER_PASS;
	if (c->config.rx_filter == HWTSTAMP_FILTER_ALL)
		skb_hwtstamps(skb)->hwtstamp =
			ns_to_ktime(read_clock(c) - late_ns - FRAME_NS(skb->len + ETH_HLEN));
	skb->dev = dev;
	return RX_HANDLER_ANOTHER;
}

static void stamp(struct work_struct *work)
{
	struct card *c = container_of(work, struct card, work);
	struct skb_shared_hwtstamps stamps = {.hwtstamp = ns_to_ktime(c->left_ns)};
	struct sk_buff *skb = xchg(&c->waits, NULL);

	if (skb && !lossy)
		skb_complete_tx_timestamp(skb, &stamps);
	else if (skb)
		kfree_skb(skb);
}

static netdev_tx_t transmit(struct sk_buff *skb, struct net_device *dev)
{
	struct card *c = netdev_priv(dev);
	struct sk_buff *clone = NULL;

	spin_lock_bh(&c->lock);
	if (skb_shinfo(skb)->tx_flags & SKBTX_HW_TSTAMP && c->config.tx_type == HWTSTAMP_TX_ON &&
	    !READ_ONCE(c->waits))
		clone = skb_clone_sk(skb);
	if (clone) {
		skb_shinfo(skb)->tx_flags |= SKBTX_IN_PROGRESS;
		c->left_ns = read_clock(c);
		WRITE_ONCE(c->waits, clone);
		schedule_work(&c->work);
	}
	spin_unlock_bh(&c->lock);
	/* Otherwise the interface below stamps by software. */
	skb->dev = c->lower;
	dev_queue_xmit(skb);
	return NETDEV_TX_OK;
}

/* ---- what it is told ---- */

static int control(struct net_device *dev, struct ifreq *r, int request)
{
	struct card *c = netdev_priv(dev);
	struct hwtstamp_config wanted;

	if (request == SIOCSHWTSTAMP) {
		if (copy_from_user(&wanted, r->ifr_data, sizeof wanted))
			return -EFAULT;
		if (wanted.rx_filter != HWTSTAMP_FILTER_NONE)
			wanted.rx_filter = HWTSTAMP_FILTER_ALL;
		c->config = wanted;
	} else if (request != SIOCGHWTSTAMP) {
		return -EOPNOTSUPP;
	}
	return copy_to_user(r->ifr_data, &c->config, sizeof c->config) ? -EFAULT : 0;
}

static int what_it_stamps(struct net_device *dev, struct ethtool_ts_info *info)
{
	struct card *c = netdev_priv(dev);

	info->so_timestamping = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE |
				SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
				SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	info->phc_index = ptp_clock_index(c->ptp);
	info->tx_types = BIT(HWTSTAMP_TX_OFF) | BIT(HWTSTAMP_TX_ON);
	info->rx_filters = BIT(HWTSTAMP_FILTER_NONE) | BIT(HWTSTAMP_FILTER_ALL);
	return 0;
}

static int how_fast(struct net_device *dev, struct ethtool_link_ksettings *settings)
{
	settings->base.speed = SPEED_MBPS;
	settings->base.duplex = DUPLEX_FULL;
	return 0;
}

static const struct net_device_ops device_ops = {
	.ndo_start_xmit = transmit,
	.ndo_eth_ioctl = control,
};

static const struct ethtool_ops ethtool_ops = {
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = how_fast,
	.get_ts_info = what_it_stamps,
};

/* ---- life ---- */

static int attach(struct net_device *dev)
{
	struct card *c = netdev_priv(dev);
	int r;

	rtnl_lock();
	c->lower = __dev_get_by_name(&init_net, lower);
	r = c->lower ? netdev_rx_handler_register(c->lower, receive, dev) : -ENODEV;
	if (r == 0) {
		eth_hw_addr_set(dev, c->lower->dev_addr);
		dev_hold(c->lower);
		dev_set_promiscuity(c->lower, 1);
		r = register_netdevice(dev);
	}
	rtnl_unlock();
	return r;
}

static int __init begin(void)
{
	struct card *c;

	only = alloc_etherdev(sizeof *c);
	if (!only)
		return -ENOMEM;
	c = netdev_priv(only);
	c->dev = only;
	c->offset_ns = BEGAN_NS;
	c->info = clock_info;
	spin_lock_init(&c->lock);
	INIT_WORK(&c->work, stamp);
	strscpy(only->name, "card%d", IFNAMSIZ);
	only->netdev_ops = &device_ops;
	only->ethtool_ops = &ethtool_ops;
	only->priv_flags |= IFF_NO_QUEUE;
	only->features |= NETIF_F_LLTX;
	c->ptp = ptp_clock_register(&c->info, NULL);
	if (IS_ERR(c->ptp))
		return PTR_ERR(c->ptp);
	/* Never unloaded: the guest ends with it. */
	return attach(only);
}

module_init(begin);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("A made-up card that stamps packets, for a test");
