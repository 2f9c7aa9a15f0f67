/*
 * vcard.h -- writing what an address book says of somebody: as a vCard (RFC 2426, RFC 6350), as LDIF (RFC 2849, with the classes of
 * RFC 2798), as a line of CSV (RFC 4180).
 *
 * Threads  pure functions.
 */
#ifndef FORMAT_VCARD_H
#define FORMAT_VCARD_H

#include "base/buf.h"

enum vcard_kind { VCARD_INDIVIDUAL, VCARD_GROUP, VCARD_LOCATION, VCARD_DEVICE };

/* Texts are UTF-8, "" where nothing is known. */
struct vcard {
    const char *uid; /* "urn:..." or any text that stays the same */
    enum vcard_kind kind;
    const char *name; /* of display */
    const char *given, *family, *initials, *title, *department, *company, *office, *street, *city,
        *postal_code, *state, *country, *phone, *mobile, *fax, *notes;
    const char *manager, *manager_address; /* name, and the address that the manager's own card is named by */
    const char **addresses;                /* of mail, the preferred one first */
    size_t address_count;
    struct span photo; /* JPEG, PNG or GIF; empty: none */
};

enum vcard_version { VCARD_3, VCARD_4 };

/* Adds the card, in folded lines that end with CRLF. */
void vcard_add(struct buf *out, const struct vcard *card, enum vcard_version version);
/* Adds an entry below `base` ("ou=Example"), and an empty line. */
void vcard_add_ldif(struct buf *out, const struct vcard *card, const char *base);
/* Adds a value as it stands in the name of an entry (RFC 4514, 2.4). */
void vcard_add_dn_value(struct buf *out, const char *text);
/* Adds an entry that others stand below, and an empty line: `dn` as it is written, its class, and the attribute that names it. */
void vcard_add_container(struct buf *out, const char *dn, const char *class_name, const char *type,
                         const char *name);
/* Adds the line of names of columns. */
void vcard_add_csv_head(struct buf *out);
/* Adds a line. A text that a spreadsheet would take for a formula gets an apostrophe. */
void vcard_add_csv(struct buf *out, const struct vcard *card);
/* What kind of picture these bytes are: "jpeg", "png", "gif"; NULL: none that is known. Static. */
const char *vcard_photo_type(struct span photo);

#endif
