#pragma once
#include <stdint.h>

// The windows of maps [images, pixels, 3 heads width] of queries, keys and values. With T tokens in a window, rows of T
// numbers are kept in rows of `hb_window_columns(T)`, so that they are whole vectors.
typedef struct {
    // q, k and v beside each other for each pixel, heads beside each other within them.
    const float *qkv;
    // The same three for what lies beyond the map, [3 heads width].
    const float *padding;
    // [windows, tokens]: each token's pixel, -1 beyond the map.
    const int32_t *places;
    // [heads, tokens, columns]: what is added to the scores, very little in the columns beyond the tokens.
    const float *bias;
    // [4, tokens, columns] and which of them each window has; none for kind 0.
    const float *masks;
    const int32_t *kinds;
    // In one image.
    long windows, pixels;
    long tokens, heads, width;
    float scale;
} hb_attention_windows;

// Tokens rounded up to whole vectors.
long hb_window_columns(long tokens);
// Elements that one of the two functions below needs beside its operands.
long hb_window_attention_scratch(long tokens, long width);
// y [images, pixels, heads width] = softmax(scale q k^T + bias + mask) v for some windows of all images.
void hb_window_attention(const hb_attention_windows *w, long first, long count, float *scratch, float *y);
// For g = dy: the gradient of qkv at the windows' pixels; adds to those of the bias and of the padding.
void hb_window_attention_gradient(const hb_attention_windows *w, const float *g, long first, long count, float *scratch,
                                  float *dqkv, float *dbias, float *dpadding);
