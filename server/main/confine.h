/*
 * confine.h -- what a role may still ask of the kernel once it has started.
 *
 * Landlock (where the kernel has it): reading the system's files and the data directory's settings and
 * certificates, writing run/ and spool/ and nothing else. Seccomp: none of the calls that start programs, look into
 * other processes, load code into the kernel, change mounts or clocks. A refused call returns EPERM: a
 * library that tries goes on without. Where the kernel cannot do it a warning is logged and the role goes on.
 */
#ifndef MAIN_CONFINE_H
#define MAIN_CONFINE_H

#include "main/config.h"

/* For good, for this thread and all it starts: call it before other threads exist. */
void confine_role(const struct config *config, const char *role);

#endif
