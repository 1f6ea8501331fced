#pragma once

// to[r, c] = from[r, c] for c < columns; rows are `from_stride` and `to_stride` apart.
void hb_copy_columns(const float *from, long from_stride, float *to, long to_stride, long rows, long columns);
// to[2 i] = a[i], to[2 i + 1] = b[i].
void hb_interleave(const float *a, const float *b, float *to, long count);
// a[i] = from[2 i], b[i] = from[2 i + 1].
void hb_deinterleave(const float *from, float *a, float *b, long count);
