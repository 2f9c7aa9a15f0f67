/* write_remedy.c -- what to do where a directory does not take what is written back. */
#include "sync/write_back.h"

#include <string.h>

static const struct {
    const char *message, *remedy;
} remedies[] = {
    { "The company directory refuses the account that writes to it.",
      "Check the name of the account that writes and its password; whether it is locked or has expired there." },
    { "The directory does not allow that.",
      "Give the account that writes the right to read and change these attributes of this entry." },
    { "The directory wants an encrypted connection.", "Choose starttls or ldaps for the source." },
    { "The directory has no such entry.",
      "Give the account that writes the right to read the entry; it may have been moved since the last run." },
    { "The directory does not know the attribute.",
      "Leave out what the directory has no attribute for (aliases are proxyAddresses), or extend its schema." },
    { "The directory does not allow that attribute there.",
      "Leave out what entries of this kind cannot have, or give the entry an object class that has it." },
    { "The directory refuses the value.",
      "Look at the directory's rules for this attribute: size, form, or that no two entries have one value." },
    { "The directory is not willing to do that.",
      "Look into the directory's log; it may be a server that is only read from." },
    { "The directory has that already.", "Try again: somebody changed the entry at the same time." },
};

const char *sync_write_remedy(const char *message)
{
    for (size_t i = 0; i < COUNT_OF(remedies); i++)
        if (strcmp(message, remedies[i].message) == 0)
            return remedies[i].remedy;
    return strncmp(message, "The company directory", 21) == 0 ||
                   strncmp(message, "There is no trusted", 19) == 0
               ? "Look at the servers of the source: the test says step by step what is wrong."
               : "";
}
