/*
 * directory_options.h -- tables of options for commands.c: directory add, set, show and remove, sync, test and preview, choose.
 */
#ifndef MAIN_DIRECTORY_OPTIONS_H
#define MAIN_DIRECTORY_OPTIONS_H

#include "main/command.h"

extern const struct option directory_add_options[];
extern const struct option directory_set_options[];
extern const struct option directory_options[];
extern const struct option directory_sync_options[];
extern const struct option directory_look_options[];
extern const struct option directory_write_options[];
extern const struct option directory_choose_options[];
extern const struct option directory_entries_options[];

#endif
