/* card.c -- somebody as a vCard. */
#include "dav/call.h"
#include "format/vcard.h"

void dav_add_card(struct buf *out, const struct book_card *c, bool is_version_4)
{
    char uid[BOOK_UID_TEXT];
    const struct vcard card = book_vcard(c, uid);

    vcard_add(out, &card, is_version_4 ? VCARD_4 : VCARD_3);
}
