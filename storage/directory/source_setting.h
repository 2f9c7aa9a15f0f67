/*
 * source_setting.h -- the settings of a source as a table. For this room only.
 */
#ifndef DIRECTORY_SOURCE_SETTING_H
#define DIRECTORY_SOURCE_SETTING_H

#include "directory/source.h"

enum { SOURCE_TEXT_MAX = 4000, SOURCE_PEM_MAX = 60000, SOURCE_TEXTS_MAX = 100 };

/* What differs from the defaults, as it is stored. A new reference. */
json_t *source_differences(const struct source *source);
/* Whether everything fits together. ERR_INVALID. */
MUST_CHECK bool source_check(const struct source *source, struct err *err);

/* Names of secrets, and where they are in the struct. */
struct source_secret {
    const char *name;
    size_t offset, has_offset; /* const char *, bool */
};
enum { SOURCE_SECRETS = 3 };
extern const struct source_secret source_secrets[SOURCE_SECRETS];

#endif
