/* formats.h -- inside this room: one reader a format. */
#ifndef EXTRACT_FORMATS_H
#define EXTRACT_FORMATS_H

#include "extract/extract.h"

/* Text, tabs and lines; what programs keep for themselves (fonts, styles, pictures, fields' codes) is left out. */
enum extract_verdict rtf_text(struct span bytes, struct extract_sink *sink);
/* All parts that hold text, in the order of the ZIP's directory. */
enum extract_verdict office_text(struct span bytes, struct extract_sink *sink);
/* Page by page, until the sink is full. */
enum extract_verdict pdf_text(struct span bytes, struct extract_sink *sink);
/* Loads poppler and lets it prepare itself; false where it is not installed. Once, before children are made. */
bool pdf_prepare(void);
/* Answers a question about signatures and certificates (openpgp.h). */
enum extract_verdict openpgp_text(struct span bytes, struct extract_sink *sink);

#endif
