/* One cluster of zstd data, packed and unpacked. */
#ifndef CZSTD_SHIM_H
#define CZSTD_SHIM_H

#include <stddef.h>
#include <zstd.h>

/* Largest window that unpacking allocates, as a power of two: no cluster needs more. */
#define CZSTD_WINDOW_LOG_MAX 23

/* Unpacks until the output is full; 0, or -1 when the data does not yield that much. */
static inline int czstd_unpack(const void *_Nonnull in, size_t in_bytes, void *_Nonnull out,
                               size_t out_bytes)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (context == NULL)
        return -1;
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, CZSTD_WINDOW_LOG_MAX);
    ZSTD_inBuffer input = {in, in_bytes, 0};
    ZSTD_outBuffer output = {out, out_bytes, 0};
    int failed = 0;
    while (output.pos < output.size && !failed) {
        size_t before_in = input.pos, before_out = output.pos;
        size_t result = ZSTD_decompressStream(context, &output, &input);
        failed = ZSTD_isError(result) || (input.pos == before_in && output.pos == before_out);
    }
    ZSTD_freeDCtx(context);
    return failed ? -1 : 0;
}

/* Packs one frame; the length, or -1 when it does not fit. */
static inline long czstd_pack(const void *_Nonnull in, size_t in_bytes, void *_Nonnull out,
                              size_t out_bytes)
{
    size_t result = ZSTD_compress(out, out_bytes, in, in_bytes, ZSTD_CLEVEL_DEFAULT);
    return ZSTD_isError(result) ? -1 : (long)result;
}

#endif
