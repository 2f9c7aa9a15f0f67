/* fuzz_packed.c -- what we read back from the database: journal sets and folded rows, snapshots, packs. The first byte chooses; damaged
 * bytes are refused or read as something with the right shape, never past their end. */
#include "mailbox/folded.h"
#include "mailbox/pack_codec.h"
#include "mailbox/snapshot.h"
#include "mailbox/view_build.h"

#include <stdlib.h>
#include <talloc.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The version byte and a frame around the bytes, so that the fuzzer need not invent zstd. */
static struct span framed(struct buf *out, const uint8_t *data, size_t size)
{
    size_t bound = ZSTD_compressBound(size);

    buf_add_byte(out, 1);
    out->length += ZSTD_compress(buf_reserve(out, bound), bound, data, size, 1);
    return buf_span(out);
}

static void read_set(struct span bytes)
{
    struct uid_set set = UID_SET_INIT(NULL);

    if (uid_set_unpack(bytes, &set))
        for (size_t i = 1; i < set.count; i++)
            if (set.runs[i].first <= set.runs[i - 1].last + 1)
                abort();
    talloc_free(set.runs);
}

static void read_snapshot(struct span bytes, uint64_t messages)
{
    struct view_builder *builder = view_builder_new(NULL);

    (void)!snapshot_decode(bytes, messages, builder);
    view_builder_drop(builder);
}

static void read_folded(struct span bytes)
{
    void *arena = talloc_new(NULL);
    struct folded folded;

    if (folded_unpack(arena, bytes, &folded)) {
        if (folded.count > FOLDED_MESSAGES_MAX)
            abort();
        for (uint32_t i = 1; i < folded.count; i++)
            if (folded.uids[i] <= folded.uids[i - 1])
                abort();
    }
    talloc_free(arena);
}

static void read_pack(enum pack_part part, struct span bytes)
{
    struct pack *pack = pack_decode(part, bytes);
    unsigned sum = 0;

    if (!pack)
        return;
    for (uint32_t i = 0; i < pack->count; i++)
        for (uint32_t k = pack->cells[i].first; k < pack->cells[i].end; k++)
            sum += (unsigned char)pack->bytes[k];
    if (sum == 1)
        sum = 0;
    pack_release(pack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT(NULL);
    struct span bytes;

    if (size < 2)
        return 0;
    bytes = data[0] & 1 ? framed(&out, data + 2, size - 2) : span_of(data + 2, size - 2);
    switch (data[0] >> 1 & 7) {
    case 0:
        read_set(span_of(data + 2, size - 2));
        break;
    case 1:
        read_snapshot(bytes, data[1]);
        break;
    case 2:
        read_pack(PACK_SHOWN, bytes);
        break;
    case 4:
        read_folded(bytes);
        break;
    default:
        read_pack(PACK_SEARCHED, bytes);
    }
    talloc_free(out.p);
    return 0;
}
