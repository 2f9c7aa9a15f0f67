/* unchecked.c -- see unchecked.h. */
#include "base/unchecked.h"

#ifdef CHAPPE_CRASHPOINTS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Read at every question: a test changes it while the program runs. Empty where there is none. */
static void read_names(char *text, size_t size)
{
    const char *path = getenv("UNCHECKED");
    FILE *file = path ? fopen(path, "re") : NULL;
    size_t length = 0;

    if (file) {
        length = fread(text, 1, size - 1, file);
        fclose(file);
    }
    text[length] = '\0';
}

bool unchecked_names(const char *check)
{
    char text[200];
    const char *at = text;
    size_t length = strlen(check);

    read_names(text, sizeof text);
    while (*at) {
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
