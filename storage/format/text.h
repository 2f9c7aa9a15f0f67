/*
 * text.h -- the readable text of a message: what search looks through, and the preview.
 *
 * Transfer encodings and charsets are decoded, HTML becomes text, attachments give their file names and,
 * where they are text, their content. All output is valid UTF-8 and bounded; nothing is ever unpacked.
 *
 * Ownership  strings belong to the talloc context `owner` or to the buf.
 * Threads    pure functions; any thread.
 */
#ifndef FORMAT_TEXT_H
#define FORMAT_TEXT_H

#include "base/buf.h"
#include "format/mime.h"

enum {
    TEXT_PREVIEW_CHARACTERS = 256,   /* kept; RFC 8970 lets us give out 200 of them */
    TEXT_FILE_NAME_MAX = 255,        /* bytes of a file name */
    TEXT_PART_MAX = 4 * 1024 * 1024, /* text of one part looked at */
};

/* The decoded body of a leaf of any text type as UTF-8, as it stands (HTML stays HTML), at most `cap`
 * bytes. */
void text_add_part(struct buf *out, struct span message, const struct mime_index *index,
                   const struct mime_part *part, size_t cap);
/* Searchable text of all parts (not the header of the message), separated by line ends, at most `cap` bytes.
 * IMAP BODY searches this; TEXT this and the header's columns. */
void text_add_searchable(struct buf *out, struct span message, const struct mime_index *index, size_t cap);
/* The first words a person would read, white space collapsed, quoted lines and signatures left out where
 * there is anything else; at most TEXT_PREVIEW_CHARACTERS characters. Looks at the first 64 KB of the first
 * text part only. */
void text_add_preview(struct buf *out, struct span message, const struct mime_index *index);

/* The file name of a part (Content-Disposition filename, else Content-Type name), safe to offer for saving:
 * no path, no control or direction-changing characters, no reserved device names, at most TEXT_FILE_NAME_MAX
 * bytes; NULL where none. */
char *text_file_name(const void *owner, struct span message, const struct mime_part *part);
/* True where a person would call it an attachment: a leaf that is not shown inline as the message's text. */
bool text_is_attachment(struct span message, const struct mime_index *index, const struct mime_part *part);
/* True where any part is one (JMAP hasAttachment, the paper clip). */
bool text_has_attachment(struct span message, const struct mime_index *index);

/* HTML to readable text: tags dropped, blocks to line ends, entities decoded, script, style, title and
 * comments left out. Input is UTF-8; linear; at most `cap` bytes. */
void html_add_text(struct buf *out, struct span html, size_t cap);
/* Length of the longest prefix of at most `max` bytes that ends neither within a character nor within a tag, comment or
 * declaration. Linear. */
size_t html_cut(struct span html, size_t max);

#endif
