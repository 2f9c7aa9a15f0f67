/*
 * rnp.h -- inside this room: librnp, loaded by name as poppler is (pdf.c), so that it is in the memory of the role that reads what is foreign
 * and in no other. Its calls are those of librnp.so.0, whose interface is stable.
 */
#ifndef EXTRACT_RNP_H
#define EXTRACT_RNP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* rnp/rnp_err.h, rnp/rnp.h */
enum {
    RNP_SUCCESS = 0,
    RNP_SIGNATURE_INVALID = 0x12000002,
    RNP_KEY_NOT_FOUND = 0x12000005,
    RNP_SIGNATURE_EXPIRED = 0x1200000b,
    RNP_LOAD_PUBLIC = 1,
    RNP_LOAD_PERMISSIVE = 1 << 8,
};

struct rnp_calls {
    uint32_t (*ffi_create)(void **ffi, const char *public_format, const char *secret_format);
    uint32_t (*ffi_destroy)(void *ffi);
    uint32_t (*input_from_memory)(void **input, const uint8_t *bytes, size_t length, bool copies);
    uint32_t (*input_destroy)(void *input);
    uint32_t (*output_to_null)(void **output);
    uint32_t (*output_destroy)(void *output);
    void (*buffer_destroy)(void *buffer);
    uint32_t (*import_keys)(void *ffi, void *input, uint32_t flags, char **results);
    uint32_t (*verify_detached_create)(void **op, void *ffi, void *content, void *signature);
    uint32_t (*verify_create)(void **op, void *ffi, void *input, void *output);
    uint32_t (*verify_execute)(void *op);
    uint32_t (*verify_destroy)(void *op);
    uint32_t (*verify_signature_count)(void *op, size_t *count);
    uint32_t (*verify_signature_at)(void *op, size_t index, void **signature);
    uint32_t (*signature_status)(void *signature);
    uint32_t (*signature_key)(void *signature, void **key);
    uint32_t (*signature_hash)(void *signature, char **hash);
    uint32_t (*signature_times)(void *signature, uint32_t *created, uint32_t *expires);
    uint32_t (*signature_handle)(void *signature, void **handle);
    uint32_t (*handle_key_id)(void *handle, char **key_id);
    uint32_t (*handle_destroy)(void *handle);
    uint32_t (*keys)(void *ffi, void **iterator, const char *kind);
    uint32_t (*next_key)(void *iterator, const char **fingerprint);
    uint32_t (*keys_destroy)(void *iterator);
    uint32_t (*locate_key)(void *ffi, const char *kind, const char *which, void **key);
    uint32_t (*key_destroy)(void *key);
    uint32_t (*key_id)(void *key, char **id);
    uint32_t (*key_primary)(void *key, char **fingerprint);
    uint32_t (*key_fingerprint)(void *key, char **fingerprint);
    uint32_t (*key_is_primary)(void *key, bool *result);
    uint32_t (*key_is_valid)(void *key, bool *result);
    uint32_t (*key_is_revoked)(void *key, bool *result);
    uint32_t (*key_is_expired)(void *key, bool *result);
    uint32_t (*key_uids)(void *key, size_t *count);
    uint32_t (*key_uid)(void *key, size_t index, void **uid);
    uint32_t (*uid_is_valid)(void *uid, bool *result);
    uint32_t (*uid_is_revoked)(void *uid, bool *result);
    uint32_t (*uid_kind)(void *uid, uint32_t *kind);
    uint32_t (*uid_data)(void *uid, void **data, size_t *length);
    uint32_t (*uid_destroy)(void *uid);
};

/* Written once by openpgp_prepare(), before there are others who read them. */
extern struct rnp_calls rnp;
/* A keyring that is nowhere but in memory; NULL: there is none. rnp.ffi_destroy() takes it back. */
void *rnp_keyring(void);

#endif
