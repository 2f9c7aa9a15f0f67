/* rnp.c -- see rnp.h. */
#include "extract/rnp.h"

#include "extract/openpgp.h"

#include <dlfcn.h>
#include <string.h>

static const char library[] = "librnp.so.0";

#define CALL(member, name)                                                                                   \
    {                                                                                                        \
        name, offsetof(struct rnp_calls, member)                                                             \
    }
static const struct {
    const char *name;
    size_t offset;
} names[] = {
    CALL(ffi_create, "rnp_ffi_create"),
    CALL(ffi_destroy, "rnp_ffi_destroy"),
    CALL(input_from_memory, "rnp_input_from_memory"),
    CALL(input_destroy, "rnp_input_destroy"),
    CALL(output_to_null, "rnp_output_to_null"),
    CALL(output_destroy, "rnp_output_destroy"),
    CALL(buffer_destroy, "rnp_buffer_destroy"),
    CALL(import_keys, "rnp_import_keys"),
    CALL(verify_detached_create, "rnp_op_verify_detached_create"),
    CALL(verify_create, "rnp_op_verify_create"),
    CALL(verify_execute, "rnp_op_verify_execute"),
    CALL(verify_destroy, "rnp_op_verify_destroy"),
    CALL(verify_signature_count, "rnp_op_verify_get_signature_count"),
    CALL(verify_signature_at, "rnp_op_verify_get_signature_at"),
    CALL(signature_status, "rnp_op_verify_signature_get_status"),
    CALL(signature_key, "rnp_op_verify_signature_get_key"),
    CALL(signature_hash, "rnp_op_verify_signature_get_hash"),
    CALL(signature_times, "rnp_op_verify_signature_get_times"),
    CALL(signature_handle, "rnp_op_verify_signature_get_handle"),
    CALL(handle_key_id, "rnp_signature_get_keyid"),
    CALL(handle_destroy, "rnp_signature_handle_destroy"),
    CALL(keys, "rnp_identifier_iterator_create"),
    CALL(next_key, "rnp_identifier_iterator_next"),
    CALL(keys_destroy, "rnp_identifier_iterator_destroy"),
    CALL(locate_key, "rnp_locate_key"),
    CALL(key_destroy, "rnp_key_handle_destroy"),
    CALL(key_id, "rnp_key_get_keyid"),
    CALL(key_primary, "rnp_key_get_primary_fprint"),
    CALL(key_fingerprint, "rnp_key_get_fprint"),
    CALL(key_is_primary, "rnp_key_is_primary"),
    CALL(key_is_valid, "rnp_key_is_valid"),
    CALL(key_is_revoked, "rnp_key_is_revoked"),
    CALL(key_is_expired, "rnp_key_is_expired"),
    CALL(key_uids, "rnp_key_get_uid_count"),
    CALL(key_uid, "rnp_key_get_uid_handle_at"),
    CALL(uid_is_valid, "rnp_uid_is_valid"),
    CALL(uid_is_revoked, "rnp_uid_is_revoked"),
    CALL(uid_kind, "rnp_uid_get_type"),
    CALL(uid_data, "rnp_uid_get_data"),
    CALL(uid_destroy, "rnp_uid_handle_destroy"),
};

struct rnp_calls rnp;
static bool is_loaded;
/* Keyrings for one question, made with it too: what fills their source of randomness, which no question uses, could not be opened by a child. Each child has
 * its own copy of them. */
static void *spare[OPENPGP_KEYS_MAX + 1];
static size_t spare_count;

static bool load(void)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; handle && i < COUNT_OF(names); i++) {
        void *found = dlsym(handle, names[i].name);
        if (!found)
            return false;
        memcpy((char *)&rnp + names[i].offset, &found, sizeof found);
    }
    return handle != NULL;
}

bool openpgp_prepare(void)
{
    if (is_loaded || !load())
        return is_loaded;
    while (spare_count < COUNT_OF(spare) && rnp.ffi_create(&spare[spare_count], "GPG", "GPG") == RNP_SUCCESS)
        spare_count++;
    is_loaded = spare_count == COUNT_OF(spare);
    return is_loaded;
}

void *rnp_keyring(void)
{
    void *ffi = NULL;

    if (spare_count > 0)
        return spare[--spare_count];
    return rnp.ffi_create(&ffi, "GPG", "GPG") == RNP_SUCCESS ? ffi : NULL;
}
