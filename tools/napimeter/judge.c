// SPDX-License-Identifier: GPL-2.0
/* docs/sweep.md, "Reasons", explains each of these. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"

#define HIGH 0.001	/* of what was sent */
#define ODD_POLLS 5	/* counters and histograms are not read at one moment */
#define REASON_MAX 600	/* of what a cell holds */
#define FEW 10		/* packets that are not traffic */
#define JUMP_S 0.1	/* of one clock against another: more than the kernel corrects */

/* One more reason; a row that is not failed becomes one with a warning. */
static void add(struct row *row, const char *fmt, ...) PRINTF(2, 3);
static void add(struct row *row, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* a text that is cut says less than one that is not there */
	if (strlen(row_text(row, COL_reason)) + strlen(text) + 3 > REASON_MAX)
		return;
	row_set(row, COL_reason, "%s%s%s", row_text(row, COL_reason),
		row_empty(row, COL_reason) ? "" : "; ", text);
	if (!row_is(row, COL_status, "failed"))
		row_set(row, COL_status, "warn");
}

/* Of a stream in slots: what reached IP, and neither our socket nor the application. */
static double filtered(const struct row *row, const struct traffic *whole)
{
	double rest = whole->arrived - whole->received - whole->socket_drops - whole->unread -
		      whole->unseen;

	return row_empty(row, COL_block) || isnan(rest) ? row_number(row, COL_lost_filter) : rest;
}

/*
 * Polls that another weight made, put back since or not: those that took more than the weight,
 * and those that took a whole budget, which was smaller. Busy polls bring their own.
 */
static double other_weight(const struct row *row, const struct counters *before,
			   const struct counters *after)
{
	double weight = row_number(row, COL_weight), more = 0, whole = 0;
	struct snapshot delta;
	size_t i, k;

	if (snapshot_delta(&delta, &before->nic, &after->nic))
		return 0;
	for (i = 0; i < delta.histograms; i++) {
		const struct histogram *h = &delta.histogram[i];

		for (k = 0; !strcmp(h->name, "rx_per_poll") && k < h->rows; k++) {
			if (h->row[k][0] > weight)
				more += h->row[k][1];
			/* above 256 a bucket holds 1/32 of a power of two */
			else if (h->row[k][0] >= weight * (weight > 256 ? 31.0 / 32 : 1))
				whole += h->row[k][1];
		}
	}
	more += fmax(snapshot_counter(&delta, "polls_whole_budget") - whole, 0);
	if (snapshot_counter(&delta, "polls_busy") > 0)
		more = 0;
	snapshot_free(&delta);
	return more;
}

/* Most important first: what makes the row wrong, then what explains it. */
void judge(struct row *row, const struct traffic *whole, const struct counters *before,
	   const struct counters *after)
{
	double offered = row_number(row, COL_offered_bps);
	/* a slot is too short to tell whether the source keeps up: its whole stream does */
	double bits = whole->sent * row_number(row, COL_datagram) * 8;
	double bps = bits / whole->seconds;
	/* by its own clock where it can be had: of a full queue the end comes late */
	double source_bps = bits / (whole->source_seconds > 0 ? whole->source_seconds :
								whole->seconds);
	double sent = row_number(row, COL_sent), taken = filtered(row, whole);
	double jump = ((after->cpu.real - before->cpu.real) -
		       (after->cpu.mono - before->cpu.mono)) / 1e9;

	row_set(row, COL_status, "ok");
	row_set(row, COL_reason, "%s", "");
	if (other_weight(row, before, after) > ODD_POLLS)
		add(row, "%.0f polls had another weight: it was changed during the trial",
		    other_weight(row, before, after));
	if (fabs(jump) > JUMP_S)
		add(row, "the clock was set by %.1f s during the trial", jump);
	/* the first and the last packet of a short trial are not far apart; of N bursts, N - 1 gaps */
	if (offered > 0 && bps > 1.1 * offered &&
	    whole->sent > 100 + 30 * row_integer(row, COL_burst, 1))
		add(row, "the source sent %.1f of %.1f Mbit/s by the clock of this guest: its host stopped it or its clock is slow",
		    bps / 1e6, offered / 1e6);
	if (row_integer(row, COL_remainder_high, 0))
		add(row, "%s packets are unaccounted for", row_text(row, COL_remainder));
	if (taken > HIGH * (row_empty(row, COL_block) ? sent : whole->sent))
		add(row, "%.0f packets came to IP and not to the socket: a filter took them (nft list ruleset)",
		    taken);
	if (row_number(row, COL_lost_checksum) > 0)
		add(row, "%s packets had a bad checksum", row_text(row, COL_lost_checksum));
	if (offered > 0 && source_bps < 0.98 * offered)
		add(row, "the source sent %.1f of %.1f Mbit/s", source_bps / 1e6, offered / 1e6);
}

int judge_bad(struct row *row, int err)
{
	if (!err)
		return 0;
	if (!row_is(row, COL_status, "failed"))
		row_set(row, COL_reason, "%s", "");
	row_set(row, COL_status, "failed");
	add(row, "%s", failure());
	return err;
}

void judge_traffic(struct row *row, const struct counters *before, const struct counters *after,
		   const char *interface, const char *source)
{
	double came = snapshot_counter(&after->nic, "rx_packets") -
		      snapshot_counter(&before->nic, "rx_packets");
	double errors = after->udp_errors - before->udp_errors;
	double sums = after->udp_csum - before->udp_csum;

	if (!after->carrier) {
		add(row, "%s has no link", interface);
		return;
	}
	/* answers to ARP and the like come anyway */
	if (came < FEW && ring_loss(before, after) < FEW) {
		add(row, "nothing came through %s: the source does not run there (%s), does not know the way to here, or a firewall keeps it",
		    interface, strcmp(source, "iperf") ? "napimeter serve" :
		    row_is(row, COL_protocol, "tcp") ? "iperf -s" :
		    "while :; do iperf -s -u; sleep 1; done");
		return;
	}
	add(row, "%.0f packets came through %s", came, interface);
	if (ring_loss(before, after) > HIGH * came)
		add(row, "%.0f were lost in its ring", ring_loss(before, after));
	if (after->backlog_dropped > before->backlog_dropped)
		add(row, "%.0f were lost in the backlog", after->backlog_dropped - before->backlog_dropped);
	if (sums > 0)
		add(row, "%.0f packets had a bad checksum", sums);
	if (after->filtered > before->filtered)
		add(row, "%.0f packets came to IP and not to the socket: a filter took them (nft list ruleset)",
		    after->filtered - before->filtered);
	if (errors > sums)
		add(row, "%.0f were lost in sockets", errors - sums);
	if (after->udp_no_port > before->udp_no_port)
		add(row, "%.0f came to a port that was not open", after->udp_no_port - before->udp_no_port);
}

int judge_path(const struct row *row, const struct traffic *t, const char *interface)
{
	double packets = row_number(row, COL_rx_packets);
	/* no frame of an e1000 is longer than 16 KB; at a slot's edges counts are not of one moment */
	double least = t->only_packets_at_nic ? t->bytes / 16384 :
		       t->is_slot ? t->received / 2 : t->received * 0.98 - 100;

	if (!(packets < least))
		return 0;
	return fail("only %.0f of the packets received came through %s: another NIC or route takes the traffic (ip route get SERVER)",
		    packets, interface);
}
