#pragma once

// The sum of w f(x - t), f(d) = d^2 / (2 beta) where |d| < beta and |d| - beta / 2 elsewhere, and, where dx is not NULL,
// w f'. Elements of weight 0 count for nothing, whatever x and t are. Weights w are one for each `run` elements, the
// first of which is element `first`; without them they are 1.
void hb_smooth_l1(const float *x, const float *t, const float *w, long run, long first, float beta, float *dx,
                  double *sum, long count);
// The same for f = log(1 + e^x) - t x.
void hb_logistic_loss(const float *x, const float *t, const float *w, long run, long first, float *dx, double *sum,
                      long count);
// The same for f = KL(q || p) of the answers yes and no, p = sigmoid(scale x) and q = sigmoid(scale t).
void hb_logistic_divergence(const float *x, const float *t, const float *w, long run, long first, float scale, float *dx,
                            double *sum, long count);
