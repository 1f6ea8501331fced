#pragma once

// The elementwise parts of the recursive gate. Rows of gates and of their gradients are `stride` apart, all others
// `columns`.

// y = (u + bias) * scale * gate; bias may be NULL.
void hb_gate(const float *u, const float *bias, const float *gate, long stride, float scale, float *y, long rows,
             long columns);
// For y = (u + bias) * scale * gate and g = dy: d_gate = scale * g * (u + bias), du = scale * g * gate, and with bias
// d_bias += the sums of du over rows. du may be u.
void hb_gate_gradient(const float *g, const float *u, const float *bias, const float *gate, long stride, float scale,
                      float *d_gate, float *du, float *d_bias, long rows, long columns);
