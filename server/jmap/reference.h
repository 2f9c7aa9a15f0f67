/*
 * reference.h -- back references (RFC 8620, 3.7): arguments taken out of an earlier answer of the same request.
 *
 * Threads  a pure function.
 */
#ifndef JMAP_REFERENCE_H
#define JMAP_REFERENCE_H

#include "base/err.h"

#include <jansson.h>

/* `in` with each "#name" as "name", whose value is what the reference stands for; a new reference. `responses`: [name,
 * arguments, call id] each, `values_max`: how many values one reference may give. NULL with ERR_INVALID (an argument in both forms,
 * a "#name" that is no reference) or ERR_NOT_FOUND (it leads nowhere, or gives too much). */
json_t *jmap_resolve(const json_t *in, const json_t *responses, size_t values_max, struct err *err);

#endif
