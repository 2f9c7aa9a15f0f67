/* card.c -- somebody as a vCard. */
#include "dav/call.h"
#include "format/vcard.h"

#include <stdio.h>

static enum vcard_kind kind_of(enum recipient_kind kind)
{
    return kind == RECIPIENT_GROUP       ? VCARD_GROUP
           : kind == RECIPIENT_ROOM      ? VCARD_LOCATION
           : kind == RECIPIENT_EQUIPMENT ? VCARD_DEVICE
                                         : VCARD_INDIVIDUAL;
}

void dav_add_card(struct buf *out, const struct book_card *c, bool is_version_4)
{
    char uid[64];
    struct vcard card = { uid,           kind_of(c->kind), c->name,   c->given,  c->family, c->title,
                          c->department, c->company,       c->office, c->street, c->city,   c->postal_code,
                          c->state,      c->country,       c->phone,  c->mobile, c->fax,    c->notes,
                          c->addresses,  c->address_count, c->photo };

    snprintf(uid, sizeof uid, BOOK_UID_FORMAT, (long long)c->recipient_id);
    vcard_add(out, &card, is_version_4 ? VCARD_4 : VCARD_3);
}
