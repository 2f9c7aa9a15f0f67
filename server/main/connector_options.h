/*
 * connector_options.h -- tables of options for commands.c: connector add and set, and those of connectors between routing groups.
 */
#ifndef MAIN_CONNECTOR_OPTIONS_H
#define MAIN_CONNECTOR_OPTIONS_H

#include "main/command.h"

extern const struct option connector_add_options[];
extern const struct option connector_set_options[];
extern const struct option group_connector_add_options[];
extern const struct option group_connector_set_options[];

#endif
