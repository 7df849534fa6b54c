/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Our rows of the driver's ethtool -S table, included in the table itself.
 * The names are those of the debugfs file `counters`, with napi_ before them.
 */
#define E1000_NAPI_STAT(id)	E1000_STAT(napi_stats.shown[E1000_NAPI_##id])

	{ "napi_polls", E1000_NAPI_STAT(POLLS) },
	{ "napi_rx_packets", E1000_NAPI_STAT(RX_PACKETS) },
	{ "napi_tx_packets", E1000_NAPI_STAT(TX_PACKETS) },
	{ "napi_polls_empty", E1000_NAPI_STAT(EMPTY) },
	{ "napi_polls_whole_budget", E1000_NAPI_STAT(WHOLE_BUDGET) },
	{ "napi_polls_tx_unfinished", E1000_NAPI_STAT(TX_UNFINISHED) },
	{ "napi_polls_ksoftirqd", E1000_NAPI_STAT(KSOFTIRQD) },
	{ "napi_polls_threaded", E1000_NAPI_STAT(THREADED) },
	{ "napi_polls_busy", E1000_NAPI_STAT(BUSY) },
	{ "napi_polls_no_irq", E1000_NAPI_STAT(NO_IRQ) },
	{ "napi_irqs", E1000_NAPI_STAT(IRQS) },
	{ "napi_irqs_not_ours", E1000_NAPI_STAT(IRQS_NOT_OURS) },
