/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NAPIMETER_PRIVILEGES_H
#define NAPIMETER_PRIVILEGES_H

/*
 * Gives up, for this process and whatever it starts, all that no trial needs: loading modules,
 * the clock, raw devices, other users' identities, ... Nothing happens without root.
 */
void privileges_for_trials(void);
/* Gives up all but what reading what others have opened, and the kernel's log, requires. */
void privileges_to_look(void);
/*
 * Gives up all of them, and by seccomp each system call that answering does not require: from
 * now on bytes of strangers are read.
 */
void privileges_none(void);

#endif
