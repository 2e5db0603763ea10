/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy-jail.h: serves a policy from a shared object in a jail; policy-jail.c. */
#pragma once

/* Does not return but with an exit code. */
int cli_policy_jail(const char *path);
