/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NAPIMETER_TUNECMD_H
#define NAPIMETER_TUNECMD_H

/* napimeter tune …: the search of scripts/tune.sh, which runs the sweeps. */
int cmd_tune(int argc, char *argv[]);

#endif
