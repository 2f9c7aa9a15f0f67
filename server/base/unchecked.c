/* unchecked.c -- see unchecked.h. */
#include "base/unchecked.h"

#ifdef CHAPPE_CRASHPOINTS
#include <stdlib.h>
#include <string.h>

bool unchecked_names(const char *check)
{
    const char *at = getenv("UNCHECKED");
    size_t length = strlen(check);

    while (at && *at) {
        if (strncmp(at, check, length) == 0 && (at[length] == '\0' || at[length] == ','))
            return true;
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return false;
}
#else
/* a translation unit is not empty */
extern const int unchecked_is_compiled_out;
const int unchecked_is_compiled_out = 1;
#endif
