# SPDX-License-Identifier: GPL-2.0
"""What run.sh shows of a playbook, and how each guest ended, for its report."""

import os
import re
import time

from ansible import constants as C
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: napi_fleet
    type: stdout
    short_description: one line per guest, and progress with the time left
    description: For scripts/fleet/playbook.yml; the file in NAPI_FLEET_STATE gets
        a line "guest, state, reason" per guest, with tabs between.
"""

EVERY_S = 10


def plain(text):
    """On one line and printable: a guest may send what a terminal obeys."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def reason(result):
    """The line that says why: of a script of ours, or the last there is."""
    text = "\n".join(str(result.get(k) or "") for k in ("stdout", "stderr"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    ours = [line for line in lines if re.match(r"([a-z-]+\.sh|failed|napi[a-z]+): ", line)]
    lines = ours or lines or [str(result.get("msg", "no reason given"))]
    return plain(lines[-1]).removeprefix("failed: ")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "napi_fleet"

    def __init__(self):
        super().__init__()
        self.state = {}
        self.sweeping = {}
        self.begun = 0
        self.started = self.said = time.monotonic()

    def say(self, text, color=None):
        self._display.display(text, color=color)

    def v2_playbook_on_play_start(self, play):
        """Called for each batch."""
        inventory = play.get_variable_manager()._inventory
        batch = len(inventory.get_hosts(play.hosts))
        all_ = len(inventory.get_hosts(play.hosts, ignore_restrictions=True))
        if batch < all_:
            text = "guests %d to %d of %d" % (self.begun + 1, self.begun + batch, all_)
            if self.begun:
                spent = time.monotonic() - self.started
                text += ", about %d min left" % (spent / self.begun * (all_ - self.begun) / 60 + 1)
            self.say(text)
        self.begun += batch

    def v2_runner_on_unreachable(self, result):
        self.bad(result, "unreachable", str(result._result.get("msg", "")))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self.bad(result, "failed", reason(result._result))

    def bad(self, result, state, why):
        host = result._host.get_name()
        self.sweeping.pop(host, None)
        why = plain(why)
        self.say("%s: %s: %s" % (host, state, why), C.COLOR_ERROR)
        # The first failure is the cause
        self.state.setdefault(host, (state, why))

    def v2_runner_on_ok(self, result):
        host, task = result._host.get_name(), result._task.get_name()
        if self._display.verbosity:
            self.say("%s: %s: %s" % (host, task, plain(result._result.get("stdout", "")[:400])))
        if task == "Install":
            self.say("%s: %s" % (host, plain(result._result["stdout"].strip().replace("\n", ", "))))
        elif task == "Start the sweep":
            self.say("%s: sweeping" % host)
            self.sweeping[host] = ""
        elif task == "Keep the results":
            self.sweeping.pop(host, None)
            self.say("%s: results are here" % host, C.COLOR_OK)
        elif task in ("Put the guest back", "Undo"):
            self.say("%s: put back" % host, C.COLOR_OK)

    def v2_runner_retry(self, result):
        host = result._host.get_name()
        self.sweeping[host] = plain(result._result.get("stdout", ""))
        if time.monotonic() - self.said < EVERY_S:
            return
        self.said = time.monotonic()
        known = sorted(self.sweeping.items(), key=lambda item: self.left(item[1]))
        self.say("%d sweeping, %s is last: %s" % (len(known), known[-1][0], known[-1][1]))

    @staticmethod
    def left(text):
        """What remains of "running [3/12, 40 s left]", as a share."""
        at = re.search(r"\[(\d+)/(\d+)", text)
        return (int(at[2]) - int(at[1])) if at else 1 << 30

    def v2_playbook_on_stats(self, stats):
        path = os.environ.get("NAPI_FLEET_STATE")
        if not path:
            return
        with open(path, "w", encoding="utf-8") as out:
            for host in sorted(stats.processed):
                out.write("%s\t%s\t%s\n" % ((host,) + self.state.get(host, ("ok", ""))))
