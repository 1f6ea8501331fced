#pragma once

// Kernels of single samples, mixed of shared ones. An expert is [outputs][taps][inner], experts are `size` elements apart;
// the kernel of a sample is
//   w[o][t][c] = q[o] a[group of o][c] sum over k of s[k][t] experts[k][o][t][c]
// with the coefficients s [experts][taps] and the optional factors a [groups][inner] of inputs and q [outputs] of outputs.
typedef struct {
    long experts, outputs, taps, inner, size;
    // Outputs of a group.
    long group;
} hb_mixing;

// One sample's coefficients and factors; the latter may be NULL.
typedef struct {
    const float *coefficients, *inputs, *outputs;
} hb_mixture;

// What the gradients of a sample's coefficients and factors are added to; the latter are NULL where the factors are.
typedef struct {
    float *coefficients, *inputs, *outputs;
} hb_mixture_gradient;

// The rows first ..< last of w.
void hb_mix_kernels(const float *experts, const hb_mixture *mixture, const hb_mixing *sizes, long first, long last,
                    float *w);
// For the rows first ..< last of the gradient dw of a sample's kernel: adds the gradients of the experts, coefficients and
// factors. `room` has space for two runs of `inner`.
void hb_mixed_kernel_gradients(const float *experts, const hb_mixture *mixture, const hb_mixing *sizes, const float *dw,
                               long first, long last, float *dexperts, const hb_mixture_gradient *gradient,
                               float *room);
