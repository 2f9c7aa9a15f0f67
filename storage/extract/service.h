/*
 * service.h -- reads documents for other processes of this machine: a socket, a thread, and a child for each document, one
 * after the other, so that whatever comes there is never more than one budget in use.
 *
 * Threads  opened and closed by one thread.
 */
#ifndef EXTRACT_SERVICE_H
#define EXTRACT_SERVICE_H

#include "base/err.h"
#include "extract/child.h"

struct extract_options {
    struct extract_budget budget;
    size_t document_bytes; /* a larger one is not taken */
};
struct extract_service;

/* Listens at `path`, which only the server's own user may reach. Under `owner`. */
MUST_CHECK bool extract_service_open(const void *owner, const char *path,
                                     const struct extract_options *options,
                                     struct extract_service **service_out, struct err *err);
/* For documents that come from now on. */
void extract_service_set(struct extract_service *service, const struct extract_options *options);
/* Ends after the document that is being read. Accepts and sets NULL. */
void extract_service_close(struct extract_service **service);

#endif
