/*
 * letter.h -- the properties of an Email that come from its bytes: the same for a stored one and for Email/parse; private to this
 * room.
 */
#ifndef JMAP_LETTER_H
#define JMAP_LETTER_H

#include "jmap/email.h"
#include "jmap/openpgp.h"
#include "jmap/smime.h"

enum letter_kind { LETTER_STORED, LETTER_PARSED };

struct letter_wanted {
    json_t *of_item;   /* names that only the item knows, and for a stored one preview and hasAttachment */
    json_t *of_header; /* names of header properties */
    json_t *of_smime;  /* names of those that tell of a signature */
    struct signature_verifier *verifier; /* where there are some */
    struct openpgp_checker *checker;     /* where `openpgp` is wanted */
    bool has_headers, has_structure, has_values, has_text, has_html, has_attachments;
    bool has_preview, has_attachment;
    bool has_header, has_body; /* what must be read for all this */
    json_t *body_properties;
    struct body_wanted values;
};

/* Sorts the names of `properties`, and reads bodyProperties, fetch...BodyValues, maxBodyValueBytes. */
MUST_CHECK bool letter_wanted_read(struct jmap_call *call, json_t *properties, enum letter_kind kind,
                                   struct letter_wanted *wanted_out);
/* Makes the index of bytes that were read. */
void letter_source_index(void *arena, struct letter_source *source);
/* Adds all but what only the item knows. */
void letter_add(const void *arena, const struct letter_source *source, const struct letter_wanted *wanted,
                json_t *object);
/* At most 256 characters of it. */
json_t *letter_preview(struct span text);

#endif
