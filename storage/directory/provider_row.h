/*
 * provider_row.h -- the columns of an identity provider, for the files of this room that read them.
 */
#ifndef DIRECTORY_PROVIDER_ROW_H
#define DIRECTORY_PROVIDER_ROW_H

#include "db/statement.h"
#include "directory/identity_provider.h"

/* Columns 0-18. */
#define PROVIDER_COLUMNS                                                                                     \
    "SELECT p.identity_provider_id, p.organisation_id, coalesce(p.domain_id, 0), d.name, p.name, p.issuer,"  \
    "       p.client_id, p.has_secret, p.scopes, p.audience, p.claim, p.ca_certificates, p.is_for_web,"      \
    "       p.is_for_mail, p.introspects, p.has_factor, p.vouches_beyond, p.is_enabled, p.created_us"
#define PROVIDER_TABLES                                                                                      \
    "  FROM identity_provider p LEFT JOIN domain d"                                                          \
    "    ON d.organisation_id = p.organisation_id AND d.domain_id = p.domain_id"

/* A row of them, without the secret; strings under `owner`. */
void provider_read_row(const void *owner, const struct db_row *row, struct identity_provider *out);

#endif
