/* One cluster of deflate data, packed and unpacked: what Swift cannot import are zlib's macros. */
#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <stddef.h>
#include <string.h>
#include <zlib.h>

/* Unpacks until the output is full; 0, or -1 when the data does not yield that much. */
static inline int czlib_unpack(const void *_Nonnull in, size_t in_bytes, void *_Nonnull out,
                               size_t out_bytes)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)in_bytes;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)out_bytes;
    if (inflateInit2(&stream, -15) != Z_OK)
        return -1;
    int result = inflate(&stream, Z_FINISH);
    size_t made = out_bytes - stream.avail_out;
    inflateEnd(&stream);
    return (result == Z_STREAM_END || result == Z_BUF_ERROR || result == Z_OK) && made == out_bytes
               ? 0
               : -1;
}

/* Packs without a header, in a window of 4 KiB; the length, or -1 when it does not fit. */
static inline long czlib_pack(const void *_Nonnull in, size_t in_bytes, void *_Nonnull out,
                              size_t out_bytes)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return -1;
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)in_bytes;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)out_bytes;
    int result = deflate(&stream, Z_FINISH);
    long made = (long)(out_bytes - stream.avail_out);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? made : -1;
}

#endif
