/*
 * xtext.h -- the encoding of parameter values that may hold any byte (RFC 3461, 4).
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include "base/span.h"

/* Decodes the whole of `in` under `owner`. False for a '+' without two capital hex digits, for '=' and bytes outside
 * 33..126, and where a control byte was hidden in it (it would come back in a header of a notice). */
MUST_CHECK bool xtext_decode(const void *owner, struct span in, struct span *text_out);

#endif
