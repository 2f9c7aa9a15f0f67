/*
 * crashpoint.h -- named places where the fault tests kill this process.
 *
 * Where the build has CHAPPE_CRASHPOINTS and the environment says CRASHPOINT=deliver.before-commit, the
 * process kills itself with SIGKILL when it comes there; CRASHPOINT=deliver.before-commit:3 at the third
 * time. CRASHPOINT_FILE=path names a file that is looked at whenever a point is passed: whoever writes a name into it
 * kills the first process that comes there, which takes the file away, and no other. In every other build the
 * macro is nothing.
 *
 * Threads  any thread may come by; hits are counted over all of them.
 */
#ifndef BASE_CRASHPOINT_H
#define BASE_CRASHPOINT_H

#ifdef CHAPPE_CRASHPOINTS
/* Dies here when the environment asks for this point; CRASHPOINT is its only caller. */
void crashpoint_pass(const char *name);
#define CRASHPOINT(name) crashpoint_pass(name)
#else
#define CRASHPOINT(name) ((void)0)
#endif

#endif
