#pragma once

// y = f(x), where y may be x, and dx = g * f'(x), where dx may be g, for each function of the table in Elementwise.c.
#define HB_DECLARE_ELEMENTWISE(name)                             \
    void hb_##name(const float *x, float *y, long count);        \
    void hb_##name##_gradient(const float *x, const float *g, float *dx, long count);

HB_DECLARE_ELEMENTWISE(gelu)
HB_DECLARE_ELEMENTWISE(quick_gelu)
HB_DECLARE_ELEMENTWISE(relu)
HB_DECLARE_ELEMENTWISE(relu6)
HB_DECLARE_ELEMENTWISE(silu)
HB_DECLARE_ELEMENTWISE(relu6)
HB_DECLARE_ELEMENTWISE(hard_swish)
HB_DECLARE_ELEMENTWISE(hard_sigmoid)
HB_DECLARE_ELEMENTWISE(sigmoid)
HB_DECLARE_ELEMENTWISE(tanh)
HB_DECLARE_ELEMENTWISE(exp)
HB_DECLARE_ELEMENTWISE(log)
HB_DECLARE_ELEMENTWISE(square)
HB_DECLARE_ELEMENTWISE(sqrt)
HB_DECLARE_ELEMENTWISE(negate)
HB_DECLARE_ELEMENTWISE(absolute)
#undef HB_DECLARE_ELEMENTWISE

// y += x
void hb_accumulate(const float *x, float *y, long count);
// y = scale * x; y may be x.
void hb_scale(const float *x, float scale, float *y, long count);
