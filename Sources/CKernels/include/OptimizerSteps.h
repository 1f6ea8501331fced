#pragma once

// The scalars of one AdamW update, worked out in double precision and rounded.
struct hb_adamw_constants {
    float gradient_scale;
    float decay;              // 1 - learning rate * weight decay
    float first_weight;       // 1 - beta1
    float beta2, second_weight;  // beta2, 1 - beta2
    float correction;         // sqrt(1 - beta2^t)
    float epsilon;
    float step;               // learning rate / (1 - beta1^t)
};

// One AdamW update of parameters p with gradients g and moments m and v.
void hb_adamw(float *p, const float *g, float *m, float *v, long count, struct hb_adamw_constants constants);

// One update of gradient descent: d = scale g + decay p; b = momentum b + d; p -= rate (nesterov ? d + momentum b : b).
void hb_momentum_descent(float *p, const float *g, float *b, long count, float scale, float decay, float momentum,
                         int nesterov, float rate);

// p -= rate (scale g + decay p)
void hb_plain_descent(float *p, const float *g, long count, float scale, float decay, float rate);

// a += weight (x - a)
void hb_average(float *a, const float *x, long count, float weight);
