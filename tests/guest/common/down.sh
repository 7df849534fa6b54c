#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Packets sent while the device is taken down enter rings that are freed or not allocated yet, which
# sometimes crashes stock e1000. They are counted, because a crash needs one in the wrong microsecond.
# Source it.
# shellcheck disable=SC2034 # set for those that source this
tracing=/sys/kernel/tracing

# count_down_begin MODULE: from here on count e1000_down() and what is sent until e1000_up(), which
# calls napi_enable() and is itself inlined where the device is reset
count_down_begin() {
	cat >$tracing/kprobe_events <<-EOF
		r:down $1:e1000_down
		p:up napi_enable
		p:sent $1:e1000_xmit_frame
	EOF
	# in kernels where a reset holds the device's lock
	! grep -q ' napi_enable_locked$' /proc/kallsyms || echo 'p:up2 napi_enable_locked' >>$tracing/kprobe_events
	echo 8192 >$tracing/buffer_size_kb
	echo 1 >$tracing/events/kprobes/enable
	mkfifo /tmp/events
	cat $tracing/trace_pipe >/tmp/events &
	tracer=$!
	awk '/ down: / { down = 1; downs++ } / up2*: / { down = 0 } / sent: / { sent[down + 0]++ }
		END { print downs + 0, sent[0] + 0, sent[1] + 0 }' /tmp/events >/tmp/sent &
	counting=$!
}

# count_down_end: sets $downs, and the packets $sent and $sent_while_down
count_down_end() {
	echo 0 >$tracing/events/kprobes/enable
	kill "$tracer"
	wait "$counting"
	echo >$tracing/kprobe_events
	read -r downs sent sent_while_down </tmp/sent
}

# transmit_only: received packets would cause polls earlier
transmit_only() { ip neigh replace 10.0.0.1 lladdr 52:54:00:00:02:00 dev eth0 nud permanent; }
