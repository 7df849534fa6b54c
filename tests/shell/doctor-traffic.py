#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Traffic for doctor-others.bats: send ADDRESS PORT RATE SECONDS, read ADDRESS PORT RCVBUF PAUSE, or,
by TCP, stuck ADDRESS PORT (never reads) and fill ADDRESS PORT.
"""
import socket
import sys
import time


def send(address, port, rate, seconds):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    begin, sent = time.monotonic(), 0
    while (now := time.monotonic() - begin) < float(seconds):
        while sent < now * int(rate):
            try:
                s.sendto(bytes(50), (address, int(port)))
            except OSError:  # the port is closed
                pass
            sent += 1
        time.sleep(0.001)


def read(address, port, rcvbuf, pause):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if int(rcvbuf):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(rcvbuf))
    s.bind((address, int(port)))
    while True:
        s.recv(2000)
        time.sleep(float(pause))


def stuck(address, port):
    s = socket.create_server((address, int(port)))
    connection, _ = s.accept()
    time.sleep(60)
    connection.close()


def fill(address, port):
    s = socket.create_connection((address, int(port)))
    while True:
        s.send(bytes(65536))


{"send": send, "read": read, "stuck": stuck, "fill": fill}[sys.argv[1]](*sys.argv[2:])
