/*
 * The products of decoding: a large weight with a few rows.
 *
 * BLAS packs the whole weight anew in every call, which for sixteen rows costs as much as the product itself. Here the
 * weight lies packed once and for all, eight outputs side by side, so that it is read as one stream, in half precision
 * if it was stored so: all that limits a product is that stream. The rows lie as columns, a vector of LANES rows for each
 * input. Every sum runs over the inputs in their order, however many rows there are: a row's result does not depend on
 * its company.
 */
#include <stdint.h>
#if defined(__F16C__)
#include <immintrin.h>
#endif

#define OUTPUTS 8
/* Inputs of a block that are brought to single precision at once: 4 KB, which stay in the nearest cache. */
#define CHUNK 128
#define AHEAD 4096

typedef float outputs __attribute__((vector_size(4 * OUTPUTS), aligned(4)));
typedef uint16_t half;

/* Whether the half_ functions compute; elsewhere they must not be called. */
#if defined(__F16C__)
int has_half(void) { return 1; }

static inline const float *wide_half(const half *weight, float *buffer, int64_t inputs) {
    for (int64_t input = 0; input < inputs; input++) {
        __builtin_prefetch((const char *)(weight + input * OUTPUTS) + AHEAD);
        const __m128i stored = _mm_loadu_si128((const __m128i *)(weight + input * OUTPUTS));
        *(outputs *)(buffer + input * OUTPUTS) = (outputs)_mm256_cvtph_ps(stored);
    }
    return buffer;
}
#else
int has_half(void) { return 0; }

static inline const float *wide_half(const half *weight, float *buffer, int64_t inputs) {
    (void)weight, (void)inputs;
    return buffer;
}
#endif

static inline const float *wide_float(const float *weight, float *buffer, int64_t inputs) {
    (void)buffer;
    for (int64_t input = 0; input < inputs; input += 2)
        __builtin_prefetch((const char *)(weight + input * OUTPUTS) + AHEAD);
    return weight;
}

/* out [outputs, LANES] = weight [blocks][depth][OUTPUTS] times rows [depth, LANES]. */
#define PRODUCT(TYPE, LANES)                                                                                           \
    void TYPE##_product_##LANES(int64_t blocks, int64_t depth, const TYPE *weight, const float *rows, float *out) {    \
        typedef float vector __attribute__((vector_size(4 * LANES), aligned(4)));                                      \
        float buffer[CHUNK * OUTPUTS];                                                                                 \
        for (int64_t block = 0; block < blocks; block++) {                                                             \
            vector sums[OUTPUTS] = {};                                                                                 \
            for (int64_t start = 0; start < depth; start += CHUNK) {                                                   \
                const int64_t inputs = depth - start < CHUNK ? depth - start : CHUNK;                                  \
                const float *wide = wide_##TYPE(weight, buffer, inputs);                                               \
                for (int64_t input = 0; input < inputs; input++) {                                                     \
                    const vector row = *(const vector *)(rows + (start + input) * LANES);                              \
                    _Pragma("GCC unroll 8") for (int output = 0; output < OUTPUTS; output++)                           \
                        sums[output] += wide[input * OUTPUTS + output] * row;                                          \
                }                                                                                                      \
                weight += inputs * OUTPUTS;                                                                            \
            }                                                                                                          \
            _Pragma("GCC unroll 8") for (int output = 0; output < OUTPUTS; output++)                                   \
                *(vector *)(out + (block * OUTPUTS + output) * LANES) = sums[output];                                  \
        }                                                                                                              \
    }

#define PRODUCTS(TYPE) PRODUCT(TYPE, 16) PRODUCT(TYPE, 8)

PRODUCTS(float)
PRODUCTS(half)
