/*
 * rule_options.h -- tables of options for commands.c: rule add, set, try and order.
 */
#ifndef MAIN_RULE_OPTIONS_H
#define MAIN_RULE_OPTIONS_H

#include "main/command.h"

extern const struct option rule_options[];
extern const struct option rule_set_options[];
extern const struct option rule_trial_options[];
extern const struct option rule_order_options[];

#endif
