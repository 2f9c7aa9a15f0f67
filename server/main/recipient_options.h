/*
 * recipient_options.h -- tables of options for commands.c: user, group and contact add and set; and options that others share with them.
 */
#ifndef MAIN_RECIPIENT_OPTIONS_H
#define MAIN_RECIPIENT_OPTIONS_H

#include "main/command.h"

#define PREFERENCES                                                                                          \
    { "--language", OPTION_TEXT,                                                                             \
      "LANGUAGE",   "language",                                                                              \
      false,        "What the server writes in: fr, en, auto (as the message says); \"\": as above it." },   \
    {                                                                                                        \
        "--undo-send", OPTION_TEXT, "SECONDS", "undo_send", false,                                           \
            "For so long what is sent can be taken back; 0: not; \"\": as above it."                         \
    }
#define ADMIN_GROUP                                                                                          \
    {                                                                                                        \
        "--admin-group", OPTION_TEXT, "NAME", "admin_group", false,                                          \
            "The administrative group that holds it."                                                        \
    }

extern const struct option user_options[];
extern const struct option user_set_options[];
extern const struct option group_add_options[];
extern const struct option group_set_options[];
extern const struct option contact_add_options[];
extern const struct option contact_set_options[];

#endif
