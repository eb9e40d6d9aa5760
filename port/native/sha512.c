/* SPDX-License-Identifier: MIT
 * SHA-512's compression function (FIPS 180-4 section 6.4), which SHA-384 shares. A round a step: on a 32-bit machine sixteen
 * words of state live in memory anyway, so unrolling would buy little for its code. */

#pragma GCC optimize("O2") /* also in firmware built for size: some bytes more, a fifth of the time less */

#include "mxtls_native.h"

#ifndef MXTLS_HARDWARE_SHA512

static const uint64_t K[80] = {
    0x428A2F98D728AE22, 0x7137449123EF65CD, 0xB5C0FBCFEC4D3B2F, 0xE9B5DBA58189DBBC,
    0x3956C25BF348B538, 0x59F111F1B605D019, 0x923F82A4AF194F9B, 0xAB1C5ED5DA6D8118,
    0xD807AA98A3030242, 0x12835B0145706FBE, 0x243185BE4EE4B28C, 0x550C7DC3D5FFB4E2,
    0x72BE5D74F27B896F, 0x80DEB1FE3B1696B1, 0x9BDC06A725C71235, 0xC19BF174CF692694,
    0xE49B69C19EF14AD2, 0xEFBE4786384F25E3, 0x0FC19DC68B8CD5B5, 0x240CA1CC77AC9C65,
    0x2DE92C6F592B0275, 0x4A7484AA6EA6E483, 0x5CB0A9DCBD41FBD4, 0x76F988DA831153B5,
    0x983E5152EE66DFAB, 0xA831C66D2DB43210, 0xB00327C898FB213F, 0xBF597FC7BEEF0EE4,
    0xC6E00BF33DA88FC2, 0xD5A79147930AA725, 0x06CA6351E003826F, 0x142929670A0E6E70,
    0x27B70A8546D22FFC, 0x2E1B21385C26C926, 0x4D2C6DFC5AC42AED, 0x53380D139D95B3DF,
    0x650A73548BAF63DE, 0x766A0ABB3C77B2A8, 0x81C2C92E47EDAEE6, 0x92722C851482353B,
    0xA2BFE8A14CF10364, 0xA81A664BBC423001, 0xC24B8B70D0F89791, 0xC76C51A30654BE30,
    0xD192E819D6EF5218, 0xD69906245565A910, 0xF40E35855771202A, 0x106AA07032BBD1B8,
    0x19A4C116B8D2D0C8, 0x1E376C085141AB53, 0x2748774CDF8EEB99, 0x34B0BCB5E19B48A8,
    0x391C0CB3C5C95A63, 0x4ED8AA4AE3418ACB, 0x5B9CCA4F7763E373, 0x682E6FF3D6B2B8A3,
    0x748F82EE5DEFB2FC, 0x78A5636F43172F60, 0x84C87814A1F0AB72, 0x8CC702081A6439EC,
    0x90BEFFFA23631E28, 0xA4506CEBDE82BDE9, 0xBEF9A3F7B2C67915, 0xC67178F2E372532B,
    0xCA273ECEEA26619C, 0xD186B8C721C0C207, 0xEADA7DD6CDE0EB1E, 0xF57D4F7FEE6ED178,
    0x06F067AA72176FBA, 0x0A637DC5A2C898A6, 0x113F9804BEF90DAE, 0x1B710B35131C471B,
    0x28DB77F523047D84, 0x32CAAB7B40C72493, 0x3C9EBE0A15C9BEBC, 0x431D67C49C100D4C,
    0x4CC5D4BECB3E42B6, 0x597F299CFC657E2A, 0x5FCB6FAB3AD6FAEC, 0x6C44198C4A475817,
};

#define ROR(x, n) ((x) >> n | (x) << (64 - n))

void mxtls_sha512_blocks(uint8_t state[64], const uint8_t *buf, size_t count) {
    uint64_t w[16], h[8], v[8];
    for (int i = 0; i < 8; i++) {
        h[i] = (uint64_t)mxtls_be32(state + 8 * i) << 32 | mxtls_be32(state + 8 * i + 4);
    }
    for (; count; count--, buf += 128) {
        memcpy(v, h, sizeof(v));
        for (int i = 0; i < 80; i++) {
            uint64_t *r = w + (i & 15);
            if (i < 16) {
                *r = (uint64_t)mxtls_be32(buf + 8 * i) << 32 | mxtls_be32(buf + 8 * i + 4);
            } else {
                uint64_t x = w[(i + 1) & 15], y = w[(i + 14) & 15];
                *r += (ROR(x, 1) ^ ROR(x, 8) ^ x >> 7) + w[(i + 9) & 15] + (ROR(y, 19) ^ ROR(y, 61) ^ y >> 6);
            }
            /* The words stay and their places turn: the first of the eight is v[-i]. */
            uint64_t a = v[-i & 7], b = v[(1 - i) & 7], c = v[(2 - i) & 7];
            uint64_t e = v[(4 - i) & 7], f = v[(5 - i) & 7], g = v[(6 - i) & 7];
            uint64_t x = v[(7 - i) & 7] + (ROR(e, 14) ^ ROR(e, 18) ^ ROR(e, 41)) + (g ^ (e & (f ^ g))) + K[i] + *r;
            v[(3 - i) & 7] += x;
            v[(7 - i) & 7] = x + (ROR(a, 28) ^ ROR(a, 34) ^ ROR(a, 39)) + ((a & b) | (c & (a | b)));
        }
        for (int i = 0; i < 8; i++) {
            h[i] += v[i];
        }
    }
    for (int i = 0; i < 8; i++) {
        mxtls_put_be32(state + 8 * i, (uint32_t)(h[i] >> 32));
        mxtls_put_be32(state + 8 * i + 4, (uint32_t)h[i]);
    }
}

#endif
