/*
 * The products of decoding in eight-bit integers: a large weight with a few rows.
 *
 * BLAS packs the whole weight anew in every call, which for sixteen rows costs as much as the product itself. Here the
 * weight lies packed once and for all, OUTPUTS outputs side by side, GROUP inputs of each together, as the processor's
 * multiply-and-add instruction wants them; a byte a weight, so that it is read as one short stream. Integers add up to
 * the same sum in any order: a row's result depends neither on its company nor on the machine.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512VNNI__) && defined(__AVX512F__)
#include <immintrin.h>

#define GROUP 4
#define OUTPUTS 16
/* The instruction multiplies unsigned bytes with signed ones: inputs are moved up by this, sums down again. */
#define SHIFT 128
typedef uint8_t input;
typedef __m512i sums;

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    int32_t group;
    memcpy(&group, row, sizeof group);
    return _mm512_dpbusd_epi32(so_far, _mm512_set1_epi32(group), _mm512_loadu_si512(weight));
}

#elif defined(__AVX2__)
#include <immintrin.h>

#define GROUP 2
#define OUTPUTS 8
#define SHIFT 0
typedef int16_t input;
typedef __m256i sums;

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    int32_t group;
    memcpy(&group, row, sizeof group);
    const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weight));
    return _mm256_add_epi32(so_far, _mm256_madd_epi16(wide, _mm256_set1_epi32(group)));
}

#else

#define GROUP 1
#define OUTPUTS 16
#define SHIFT 0
typedef int8_t input;
typedef int32_t sums __attribute__((vector_size(4 * OUTPUTS)));

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    for (int output = 0; output < OUTPUTS; output++) so_far[output] += (int32_t)weight[output] * *row;
    return so_far;
}

#endif

#define LARGEST 127
#define AHEAD 2048

/* How a weight has to be packed: [blocks][depth / GROUP][OUTPUTS][GROUP]; and what an input becomes. */
int group(void) { return GROUP; }
int outputs(void) { return OUTPUTS; }
int shift(void) { return SHIFT; }
int input_bytes(void) { return sizeof(input); }

/* ROWS rows of `quantised` through one block; `shifted`: what SHIFT adds to the sum of each output. */
#define TILE(ROWS)                                                                                                     \
    static inline void tile_##ROWS(int64_t depth, const int8_t *weight, const float *scale, const int32_t *shifted,    \
                                   const input *quantised, float *out, int64_t width) {                                \
        sums total[ROWS];                                                                                              \
        memset(total, 0, sizeof total);                                                                                \
        for (int64_t at = 0; at < depth; at += GROUP) {                                                                \
            __builtin_prefetch(weight + at * OUTPUTS + AHEAD);                                                         \
            _Pragma("GCC unroll 16") for (int row = 0; row < ROWS; row++)                                              \
                total[row] = added(total[row], weight + at * OUTPUTS, quantised + row * depth + at);                   \
        }                                                                                                              \
        for (int row = 0; row < ROWS; row++) {                                                                         \
            int32_t sum[OUTPUTS];                                                                                      \
            memcpy(sum, &total[row], sizeof sum);                                                                      \
            for (int output = 0; output < OUTPUTS; output++)                                                           \
                out[row * width + output] = (float)(sum[output] - shifted[output]) * scale[output];                    \
        }                                                                                                              \
    }

TILE(16)
TILE(4)
TILE(1)

/*
 * out [count, blocks · OUTPUTS] = rows [count, given] times the weight, each sum times its output's `scale`.
 *
 * Inputs lie in [−1, 1] and are rounded to multiples of 1/127; `depth` is `given` filled up to a multiple of GROUP.
 */
void product(int64_t blocks, int64_t depth, const int8_t *weight, const float *scale, const int32_t *shifted,
             int64_t count, int64_t given, const float *rows, input *quantised, float *out) {
    for (int64_t row = 0; row < count; row++)
        for (int64_t at = 0; at < depth; at++)
            quantised[row * depth + at] =
                (input)(SHIFT + (at < given ? (int)nearbyintf(rows[row * given + at] * LARGEST) : 0));
    const int64_t width = blocks * OUTPUTS;
    for (int64_t block = 0; block < blocks; block++) {
        int64_t row = 0;
#define ROWS_BY(ROWS)                                                                                                  \
    for (; row + ROWS <= count; row += ROWS)                                                                           \
    tile_##ROWS(depth, weight, scale, shifted, quantised + row * depth, out + row * width, width)
        ROWS_BY(16);
        ROWS_BY(4);
        ROWS_BY(1);
        weight += depth * OUTPUTS, scale += OUTPUTS, shifted += OUTPUTS, out += OUTPUTS;
    }
}
