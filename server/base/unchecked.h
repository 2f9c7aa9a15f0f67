/*
 * unchecked.h -- checks of the program that tests take away, to see that what stands behind them holds alone.
 *
 * Only where the build has CHAPPE_CRASHPOINTS: the file that UNCHECKED in the environment names lists them ("right,enter"). Everywhere else
 * the question is the constant false, and the check cannot be taken away.
 */
#ifndef BASE_UNCHECKED_H
#define BASE_UNCHECKED_H

#include <stdbool.h>

#ifdef CHAPPE_CRASHPOINTS
/* Is it listed now? CHECK_IS_AWAY is its only caller. */
bool unchecked_names(const char *check);
#define CHECK_IS_AWAY(check) unchecked_names(check)
#else
#define CHECK_IS_AWAY(check) false
#endif

#endif
