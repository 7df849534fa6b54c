#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# napimeter serve and hostcpu as strangers on the network see them.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	make -s tools
	port=$((20000 + $$ % 10000))
}

teardown() {
	exec 9>&-
	kill "${pid-}" 2>/dev/null || :
}

# talk PROGRAM: python, with a socket to $port, ask(), and answers()
talk() {
	{
		cat <<-'END'
			import socket, struct, sys
			there = ("127.0.0.1", int(sys.argv[1]))
			ASK, COOKIE, END, CANCEL = (0x6e617031 + i for i in range(4))

			def new():
			    s = socket.socket(type=socket.SOCK_DGRAM)
			    s.settimeout(0.5)
			    return s

			def question(cookie=0, datagram=1000, burst=1, ns=200000000, magic=ASK, bps=1000000):
			    return struct.pack(">IIQQQIIQ", magic, datagram, cookie, bps, ns, burst, 0, 0)

			def answers(s, limit=1000):
			    got = []
			    try:
			        while len(got) < limit and not (got and kind(got[-1]) == END):
			            got.append(s.recv(70000))
			    except (socket.timeout, ConnectionRefusedError):
			        pass
			    return got

			def drain(s):
			    while answers(s):
			        pass

			def kind(answer):
			    return struct.unpack(">I", answer[:4])[0]

			def ask(s, data, limit=1):
			    s.sendto(data, there)
			    return answers(s, limit)

			def cookie(s):
			    return struct.unpack(">IIQ", ask(s, question())[0][:16])[2]
		END
		cat
	} >"$BATS_TEST_TMPDIR/talk.py"
	python3 "$BATS_TEST_TMPDIR/talk.py" "$port"
}

# Only who receives at an address can have a stream sent there
@test "serve: one short answer, until the asker has sent back its own cookie, once" {
	build/tools/napimeter serve $port >/dev/null 3>&- &
	pid=$!
	sleep 0.5
	talk <<-'END'
		me, other = new(), new()
		first = ask(me, question(), 5)
		assert [kind(a) for a in first] == [COOKIE] and len(first[0]) <= len(question()), first
		# forged: none, a guess, that of another asker, half of it; each draws one cookie and no more
		mine = cookie(me)
		for bad in (0, 1, mine ^ 1, mine & 0xffffffff, None):
		    got = ask(me, question(cookie(other) if bad is None else bad), 5)
		    assert [kind(a) for a in got] == [COOKIE] and len(got[0]) == len(question()), (bad, got)
		# random: never twice the same
		assert len({cookie(me) for _ in range(50)}) == 50
		stream = ask(me, question(cookie(me)), 1000)
		assert kind(stream[-1]) == END and len(stream) > 10, len(stream)
		drain(me)
		used = cookie(me)
		assert kind(ask(me, question(used), 1000)[-1]) == END
		drain(me)
		assert [kind(a) for a in ask(me, question(used), 5)] == [COOKIE]
	END
}

@test "serve: what cannot be asked for is not answered at all" {
	build/tools/napimeter serve $port >/dev/null 3>&- &
	pid=$!
	sleep 0.5
	talk <<-'END'
		me = new()
		for bad in (b"", b"x" * 48, question()[:-1], question(magic=END), question(magic=CANCEL), question(magic=COOKIE),
		            question(datagram=65508), question(datagram=15), question(burst=0), question(burst=4097),
		            question(ns=1 << 62)):
		    assert not ask(me, bad), bad
		assert ask(me, question())
	END
}

@test "serve: a stream ends when its receiver is gone, or takes it back; others cannot" {
	build/tools/napimeter serve $port >"$BATS_TEST_TMPDIR/said" 3>&- &
	pid=$!
	sleep 0.5
	talk <<-'END'
		me, other = new(), new()
		me.sendto(question(cookie(me), ns=3000000000), there)
		me.recv(70000)
		other.sendto(question(magic=CANCEL), there)
		assert len(ask(me, b"", 100)) == 100
		me.sendto(question(magic=CANCEL), there)
		while kind(me.recv(70000)) != END:
		    pass
		drain(me)
		me.sendto(question(cookie(me), ns=600000000000), there)
		me.recv(70000)
		me.close()
		import time
		time.sleep(1)
		assert ask(other, question())
	END
	cat "$BATS_TEST_TMPDIR/said"
	[ "$(grep -c '^sent [0-9]* datagrams' "$BATS_TEST_TMPDIR/said")" -eq 2 ]
}

@test "hostcpu: one answer of at most 66 bytes, numbers in range, and nothing for the rest" {
	mkfifo "$BATS_TEST_TMPDIR/samples"
	build/tools/napimeter hostcpu $port <"$BATS_TEST_TMPDIR/samples" 3>&- &
	pid=$!
	exec 9>"$BATS_TEST_TMPDIR/samples"
	printf '%s\n' time_ns,cpu 1000,10 -5,1 2000,1e300 3000,nan 4000,-1 5000,30 >&9
	sleep 0.5
	talk <<-'END'
		me = new()
		assert ask(me, b"cpu 1000 5000", 5) == [b"cpu 30.0"]
		for good in (b"clock 7", b"clock -9223372036854775808", b"cpu 0 1", b"cpu 1 99999"):
		    got = ask(me, good, 5)
		    assert len(got) == 1 and len(got[0]) <= 66, got
		for bad in (b"", b"clock", b"clock 7 8", b"cpu 1", b"cpu 1 2 3", b"cpu x y", b"\0" * 60, b"A" * 1000, b"clock 7;id"):
		    assert not ask(me, bad), bad
	END
}
