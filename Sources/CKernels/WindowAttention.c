#include "WindowAttention.h"
#include "Lanes.h"

// A window's operands are brought together once for each head; everything after that stays in the first two caches. No
// scores are kept from the way forward: they cost less to compute again than to read.

HB_INLINE long whole(long count) { return (count + 15) & ~15l; }

long hb_window_columns(long tokens) { return whole(tokens); }

// What a head of a window works with: operands and their gradients in rows of `lanes`, scores in rows of `columns`.
typedef struct {
    long tokens, width, columns, lanes;
    float *q, *k, *v, *g, *keys, *values, *p, *dp, *result;
} window_scratch;

long hb_window_attention_scratch(long tokens, long width) {
    const long columns = whole(tokens), lanes = whole(width);
    return 5 * columns * lanes + 2 * lanes * columns + 2 * tokens * columns;
}

HB_INLINE void lay_out(window_scratch *s, long tokens, long width, float *scratch) {
    s->tokens = tokens;
    s->width = width;
    s->columns = whole(tokens);
    s->lanes = whole(width);
    const long rows = s->columns * s->lanes;
    s->q = scratch;
    s->k = s->q + rows;
    s->v = s->k + rows;
    s->g = s->v + rows;
    s->result = s->g + rows;
    s->keys = s->result + rows;
    s->values = s->keys + rows;
    s->p = s->values + rows;
    s->dp = s->p + tokens * s->columns;
    // Rows beyond the tokens become columns of the turned matrices.
    for (long i = tokens * s->lanes; i < rows; i++) s->k[i] = s->v[i] = 0.0f;
}

// C [rows, 16 vectors] = A B, or + C, for a few rows; element (i, p) of A is a[i a_row + p a_inner].
HB_INLINE void small_tile(const int rows, const int vectors, long inner, const float *a, long a_row, long a_inner,
                          const float *b, long b_row, float *c, long c_row) {
    v16 sum[8][2];
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
        _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++) sum[i][j] = HB_SPLAT(0.0f);
    for (long p = 0; p < inner; p++, a += a_inner, b += b_row) {
        v16 row[2];
        _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++) row[j] = HB_LOAD(b + 16 * j);
        _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {
            const float element = a[i * a_row];
            _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++) sum[i][j] += element * row[j];
        }
    }
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
        _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++) HB_STORE(c + i * c_row + 16 * j, sum[i][j]);
}

// C [m, n] = A B for a multiple n of 16.
HB_INLINE void small_product(long m, long n, long inner, const float *a, long a_row, long a_inner, const float *b,
                             long b_row, float *c, long c_row) {
    long j = 0;
    for (; j + 32 <= n; j += 32) {
        long i = 0;
        for (; i + 4 <= m; i += 4)
            small_tile(4, 2, inner, a + i * a_row, a_row, a_inner, b + j, b_row, c + i * c_row + j, c_row);
        for (; i < m; i++)
            small_tile(1, 2, inner, a + i * a_row, a_row, a_inner, b + j, b_row, c + i * c_row + j, c_row);
    }
    if (j == n) return;
    long i = 0;
    for (; i + 8 <= m; i += 8)
        small_tile(8, 1, inner, a + i * a_row, a_row, a_inner, b + j, b_row, c + i * c_row + j, c_row);
    for (; i < m; i++)
        small_tile(1, 1, inner, a + i * a_row, a_row, a_inner, b + j, b_row, c + i * c_row + j, c_row);
}

#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Zipping the halves of the rows four times turns a square of 16 by 16.
HB_INLINE void turn_square(const float *x, long x_row, float *y, long y_row) {
    v16 a[16], b[16];
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++) a[i] = HB_LOAD(x + i * x_row);
    _Pragma("clang loop unroll(full)") for (int round = 0; round < 2; round++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) {
            b[2 * i] = ZIP_LOW(a[i], a[i + 8]);
            b[2 * i + 1] = ZIP_HIGH(a[i], a[i + 8]);
        }
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) {
            a[2 * i] = ZIP_LOW(b[i], b[i + 8]);
            a[2 * i + 1] = ZIP_HIGH(b[i], b[i + 8]);
        }
    }
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++) HB_STORE(y + i * y_row, a[i]);
}

// [columns, lanes] -> [lanes, columns].
HB_INLINE void turn(const window_scratch *s, const float *x, float *y) {
    for (long r = 0; r < s->columns; r += 16)
        for (long c = 0; c < s->lanes; c += 16)
            turn_square(x + r * s->lanes + c, s->lanes, y + c * s->columns + r, s->columns);
}

HB_INLINE void copy_scaled(float *to, const float *from, long width, float scale) {
    for (long c = 0; c < width; c += 16) HB_STORE(to + c, load_some(from + c, width - c, 0.0f) * scale);
}

// The operands of a head, q times the scale.
HB_INLINE void gather_head(const hb_attention_windows *w, const window_scratch *s, const int32_t *places, long image,
                           long head) {
    const long channels = w->heads * w->width;
    const float *map = w->qkv + image * w->pixels * 3 * channels;
    for (long t = 0; t < s->tokens; t++) {
        const float *from = (places[t] < 0 ? w->padding : map + places[t] * 3 * channels) + head * s->width;
        copy_scaled(s->q + t * s->lanes, from, s->width, w->scale);
        copy_scaled(s->k + t * s->lanes, from + channels, s->width, 1.0f);
        copy_scaled(s->v + t * s->lanes, from + 2 * channels, s->width, 1.0f);
    }
}

// p = softmax(q k^T + bias + mask); columns beyond the tokens become next to nothing.
HB_INLINE void probabilities(const hb_attention_windows *w, const window_scratch *s, long head, long kind) {
    const long columns = s->columns;
    turn(s, s->k, s->keys);
    small_product(s->tokens, columns, s->width, s->q, s->lanes, 1, s->keys, columns, s->p, columns);
    const float *bias = w->bias + head * s->tokens * columns;
    const float *mask = w->masks + kind * s->tokens * columns;
    for (long t = 0; t < s->tokens; t++, bias += columns, mask += columns) {
        float *row = s->p + t * columns;
        v16 largest = HB_SPLAT(-INFINITY), sum = HB_SPLAT(0.0f);
        for (long c = 0; c < columns; c += 16) {
            v16 score = HB_LOAD(row + c) + HB_LOAD(bias + c);
            if (kind) score += HB_LOAD(mask + c);
            HB_STORE(row + c, score);
            largest = lane_max(score, largest);
        }
        const float most = lane_largest(largest);
        for (long c = 0; c < columns; c += 16) {
            v16 e = lane_exp(HB_LOAD(row + c) - most);
            HB_STORE(row + c, e);
            sum += e;
        }
        const float share = 1.0f / lane_sum(sum);
        for (long c = 0; c < columns; c += 16) HB_STORE(row + c, HB_LOAD(row + c) * share);
    }
}

HB_KERNEL void hb_window_attention(const hb_attention_windows *w, long first, long count, float *scratch, float *y) {
    window_scratch s;
    lay_out(&s, w->tokens, w->width, scratch);
    const long channels = w->heads * w->width;
    for (long number = first; number < first + count; number++) {
        const long image = number / w->windows, window = number % w->windows;
        const int32_t *places = w->places + window * s.tokens;
        for (long head = 0; head < w->heads; head++) {
            gather_head(w, &s, places, image, head);
            probabilities(w, &s, head, w->kinds[window]);
            small_product(s.tokens, s.lanes, s.tokens, s.p, s.columns, 1, s.v, s.lanes, s.result, s.lanes);
            for (long t = 0; t < s.tokens; t++) {
                if (places[t] < 0) continue;
                float *to = y + (image * w->pixels + places[t]) * channels + head * s.width;
                const float *from = s.result + t * s.lanes;
                for (long c = 0; c < s.width; c += 16) store_some(to + c, HB_LOAD(from + c), s.width - c);
            }
        }
    }
}

// Rows of a gradient to their pixels, or added to what lies beyond the map.
HB_INLINE void scatter_head(const hb_attention_windows *w, const window_scratch *s, const int32_t *places, long image,
                            const float *rows, float scale, long offset, float *dqkv, float *dpadding) {
    const long stride = 3 * w->heads * w->width;
    for (long t = 0; t < s->tokens; t++) {
        const float *from = rows + t * s->lanes;
        if (places[t] < 0) {
            for (long c = 0; c < s->width; c++) dpadding[offset + c] += scale * from[c];
            continue;
        }
        float *to = dqkv + (image * w->pixels + places[t]) * stride + offset;
        for (long c = 0; c < s->width; c += 16) store_some(to + c, HB_LOAD(from + c) * scale, s->width - c);
    }
}

HB_KERNEL void hb_window_attention_gradient(const hb_attention_windows *w, const float *g, long first, long count,
                                            float *scratch, float *dqkv, float *dbias, float *dpadding) {
    window_scratch s;
    lay_out(&s, w->tokens, w->width, scratch);
    const long channels = w->heads * w->width, tokens = s.tokens, columns = s.columns, lanes = s.lanes;
    for (long number = first; number < first + count; number++) {
        const long image = number / w->windows, window = number % w->windows;
        const int32_t *places = w->places + window * tokens;
        for (long head = 0; head < w->heads; head++) {
            const long offset = head * s.width;
            gather_head(w, &s, places, image, head);
            probabilities(w, &s, head, w->kinds[window]);
            for (long t = 0; t < tokens; t++) {
                float *to = s.g + t * lanes;
                if (places[t] < 0) {
                    for (long c = 0; c < lanes; c += 16) HB_STORE(to + c, HB_SPLAT(0.0f));
                } else {
                    copy_scaled(to, g + (image * w->pixels + places[t]) * channels + offset, s.width, 1.0f);
                }
            }
            // dv = p^T g, dp = g v^T.
            small_product(tokens, lanes, tokens, s.p, 1, columns, s.g, lanes, s.result, lanes);
            scatter_head(w, &s, places, image, s.result, 1.0f, offset + 2 * channels, dqkv, dpadding);
            turn(&s, s.v, s.values);
            small_product(tokens, columns, s.width, s.g, lanes, 1, s.values, columns, s.dp, columns);
            // The gradient of the scores, p (dp - sum(p dp)), in the place of dp; the bias has it as it is.
            float *sums = dbias + head * tokens * columns;
            for (long t = 0; t < tokens; t++, sums += columns) {
                const float *p = s.p + t * columns;
                float *dp = s.dp + t * columns;
                v16 inner = HB_SPLAT(0.0f);
                for (long c = 0; c < columns; c += 16) inner += HB_LOAD(p + c) * HB_LOAD(dp + c);
                const float sum = lane_sum(inner);
                for (long c = 0; c < columns; c += 16) {
                    const v16 d = HB_LOAD(p + c) * (HB_LOAD(dp + c) - sum);
                    HB_STORE(dp + c, d);
                    HB_STORE(sums + c, HB_LOAD(sums + c) + d);
                }
            }
            // dq = scale ds k; dk = ds^T q, which has the scale already.
            small_product(tokens, lanes, tokens, s.dp, columns, 1, s.k, lanes, s.result, lanes);
            scatter_head(w, &s, places, image, s.result, w->scale, offset, dqkv, dpadding);
            small_product(tokens, lanes, tokens, s.dp, 1, columns, s.q, lanes, s.result, lanes);
            scatter_head(w, &s, places, image, s.result, 1.0f, offset + channels, dqkv, dpadding);
        }
    }
}
