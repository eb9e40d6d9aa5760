# SPDX-License-Identifier: MIT
"""kernels/sha512.py in viper (FIPS 180-4 section 6.4), for SHA-384 too: no branch on a secret, no allocation.

A word is two halves, and a sum three: of low 16 bits, of the 16 above, and of high halves, so that carries need no
comparison. x, y and z, always called with 0, are these sums: viper keeps a function's first three locals in registers.
The constants stay in flash: frozen bytes have no alignment, so they are read byte by byte, as the message is.
"""

import micropython

_K = (
    b"\x42\x8a\x2f\x98\xd7\x28\xae\x22\x71\x37\x44\x91\x23\xef\x65\xcd\xb5\xc0\xfb\xcf\xec\x4d\x3b\x2f\xe9\xb5\xdb\xa5\x81\x89\xdb\xbc"
    b"\x39\x56\xc2\x5b\xf3\x48\xb5\x38\x59\xf1\x11\xf1\xb6\x05\xd0\x19\x92\x3f\x82\xa4\xaf\x19\x4f\x9b\xab\x1c\x5e\xd5\xda\x6d\x81\x18"
    b"\xd8\x07\xaa\x98\xa3\x03\x02\x42\x12\x83\x5b\x01\x45\x70\x6f\xbe\x24\x31\x85\xbe\x4e\xe4\xb2\x8c\x55\x0c\x7d\xc3\xd5\xff\xb4\xe2"
    b"\x72\xbe\x5d\x74\xf2\x7b\x89\x6f\x80\xde\xb1\xfe\x3b\x16\x96\xb1\x9b\xdc\x06\xa7\x25\xc7\x12\x35\xc1\x9b\xf1\x74\xcf\x69\x26\x94"
    b"\xe4\x9b\x69\xc1\x9e\xf1\x4a\xd2\xef\xbe\x47\x86\x38\x4f\x25\xe3\x0f\xc1\x9d\xc6\x8b\x8c\xd5\xb5\x24\x0c\xa1\xcc\x77\xac\x9c\x65"
    b"\x2d\xe9\x2c\x6f\x59\x2b\x02\x75\x4a\x74\x84\xaa\x6e\xa6\xe4\x83\x5c\xb0\xa9\xdc\xbd\x41\xfb\xd4\x76\xf9\x88\xda\x83\x11\x53\xb5"
    b"\x98\x3e\x51\x52\xee\x66\xdf\xab\xa8\x31\xc6\x6d\x2d\xb4\x32\x10\xb0\x03\x27\xc8\x98\xfb\x21\x3f\xbf\x59\x7f\xc7\xbe\xef\x0e\xe4"
    b"\xc6\xe0\x0b\xf3\x3d\xa8\x8f\xc2\xd5\xa7\x91\x47\x93\x0a\xa7\x25\x06\xca\x63\x51\xe0\x03\x82\x6f\x14\x29\x29\x67\x0a\x0e\x6e\x70"
    b"\x27\xb7\x0a\x85\x46\xd2\x2f\xfc\x2e\x1b\x21\x38\x5c\x26\xc9\x26\x4d\x2c\x6d\xfc\x5a\xc4\x2a\xed\x53\x38\x0d\x13\x9d\x95\xb3\xdf"
    b"\x65\x0a\x73\x54\x8b\xaf\x63\xde\x76\x6a\x0a\xbb\x3c\x77\xb2\xa8\x81\xc2\xc9\x2e\x47\xed\xae\xe6\x92\x72\x2c\x85\x14\x82\x35\x3b"
    b"\xa2\xbf\xe8\xa1\x4c\xf1\x03\x64\xa8\x1a\x66\x4b\xbc\x42\x30\x01\xc2\x4b\x8b\x70\xd0\xf8\x97\x91\xc7\x6c\x51\xa3\x06\x54\xbe\x30"
    b"\xd1\x92\xe8\x19\xd6\xef\x52\x18\xd6\x99\x06\x24\x55\x65\xa9\x10\xf4\x0e\x35\x85\x57\x71\x20\x2a\x10\x6a\xa0\x70\x32\xbb\xd1\xb8"
    b"\x19\xa4\xc1\x16\xb8\xd2\xd0\xc8\x1e\x37\x6c\x08\x51\x41\xab\x53\x27\x48\x77\x4c\xdf\x8e\xeb\x99\x34\xb0\xbc\xb5\xe1\x9b\x48\xa8"
    b"\x39\x1c\x0c\xb3\xc5\xc9\x5a\x63\x4e\xd8\xaa\x4a\xe3\x41\x8a\xcb\x5b\x9c\xca\x4f\x77\x63\xe3\x73\x68\x2e\x6f\xf3\xd6\xb2\xb8\xa3"
    b"\x74\x8f\x82\xee\x5d\xef\xb2\xfc\x78\xa5\x63\x6f\x43\x17\x2f\x60\x84\xc8\x78\x14\xa1\xf0\xab\x72\x8c\xc7\x02\x08\x1a\x64\x39\xec"
    b"\x90\xbe\xff\xfa\x23\x63\x1e\x28\xa4\x50\x6c\xeb\xde\x82\xbd\xe9\xbe\xf9\xa3\xf7\xb2\xc6\x79\x15\xc6\x71\x78\xf2\xe3\x72\x53\x2b"
    b"\xca\x27\x3e\xce\xea\x26\x61\x9c\xd1\x86\xb8\xc7\x21\xc0\xc2\x07\xea\xda\x7d\xd6\xcd\xe0\xeb\x1e\xf5\x7d\x4f\x7f\xee\x6e\xd1\x78"
    b"\x06\xf0\x67\xaa\x72\x17\x6f\xba\x0a\x63\x7d\xc5\xa2\xc8\x98\xa6\x11\x3f\x98\x04\xbe\xf9\x0d\xae\x1b\x71\x0b\x35\x13\x1c\x47\x1b"
    b"\x28\xdb\x77\xf5\x23\x04\x7d\x84\x32\xca\xab\x7b\x40\xc7\x24\x93\x3c\x9e\xbe\x0a\x15\xc9\xbe\xbc\x43\x1d\x67\xc4\x9c\x10\x0d\x4c"
    b"\x4c\xc5\xd4\xbe\xcb\x3e\x42\xb6\x59\x7f\x29\x9c\xfc\x65\x7e\x2a\x5f\xcb\x6f\xab\x3a\xd6\xfa\xec\x6c\x44\x19\x8c\x4a\x47\x58\x17"
)
_SCRATCH = bytearray(256)  # the last 16 words of the message schedule, then the hash value and the working variables; low halves first


@micropython.viper
def _schedule(x: uint, y: uint, z: uint, w: ptr32):
    """The next 16 words of the message schedule."""
    m = uint(0xFFFF)
    i = 0
    while i < 16:
        j = i + 1 & 15
        a = uint(w[2 * j])
        b = uint(w[2 * j + 1])
        x = (a >> 1 | b << 31) ^ (a >> 8 | b << 24) ^ (a >> 7 | b << 25)
        z = (b >> 1 | a << 31) ^ (b >> 8 | a << 24) ^ b >> 7
        y = x >> 16
        x &= m
        j = i + 14 & 15
        a = uint(w[2 * j])
        b = uint(w[2 * j + 1])
        z += (b >> 19 | a << 13) ^ (a >> 29 | b << 3) ^ b >> 6
        a = (a >> 19 | b << 13) ^ (b >> 29 | a << 3) ^ (a >> 6 | b << 26)
        y += a >> 16
        x += a & m
        j = i + 9 & 15
        a = uint(w[2 * j])
        y += a >> 16
        x += a & m
        a = uint(w[2 * i])
        y += a >> 16
        x += a & m
        y += x >> 16
        w[2 * i + 1] += int(z + (y >> 16)) + w[2 * j + 1]
        w[2 * i] = int(y << 16 | x & m)
        i += 1


@micropython.viper
def _rounds(x: uint, y: uint, z: uint, w: ptr32, k: ptr8, at: int):
    """16 rounds, with the constants at k[at:]."""
    k = ptr8(uint(k) + at)
    m = uint(0xFFFF)
    al = uint(w[48])
    ah = uint(w[49])
    bl = uint(w[50])
    bh = uint(w[51])
    cl = uint(w[52])
    ch = uint(w[53])
    dl = uint(w[54])
    dh = uint(w[55])
    el = uint(w[56])
    eh = uint(w[57])
    fl = uint(w[58])
    fh = uint(w[59])
    gl = uint(w[60])
    gh = uint(w[61])
    hl = uint(w[62])
    hh = uint(w[63])
    i = 0
    while i < 32:
        z = hh + uint(w[i + 1] + (k[0] << 24 | k[1] << 16 | k[2] << 8 | k[3]))
        t = uint(w[i])
        y = (hl >> 16) + (t >> 16) + uint(k[4] << 8 | k[5])
        x = (hl & m) + (t & m) + uint(k[6] << 8 | k[7])
        t = (el >> 14 | eh << 18) ^ (el >> 18 | eh << 14) ^ (eh >> 9 | el << 23)
        z += (eh >> 14 | el << 18) ^ (eh >> 18 | el << 14) ^ (el >> 9 | eh << 23)
        y += t >> 16
        x += t & m
        t = gl ^ el & (fl ^ gl)
        z += gh ^ eh & (fh ^ gh)
        y += t >> 16
        x += t & m
        hl = gl
        hh = gh
        gl = fl
        gh = fh
        fl = el
        fh = eh
        eh = x + (dl & m)
        t = y + (dl >> 16) + (eh >> 16)
        el = t << 16 | eh & m
        eh = z + dh + (t >> 16)
        t = al & bl | cl & (al | bl)
        z += ah & bh | ch & (ah | bh)
        y += t >> 16
        x += t & m
        t = (al >> 28 | ah << 4) ^ (ah >> 2 | al << 30) ^ (ah >> 7 | al << 25)
        z += (ah >> 28 | al << 4) ^ (al >> 2 | ah << 30) ^ (al >> 7 | ah << 25)
        y += t >> 16
        x += t & m
        dl = cl
        dh = ch
        cl = bl
        ch = bh
        bl = al
        bh = ah
        y += x >> 16
        al = y << 16 | x & m
        ah = z + (y >> 16)
        k = ptr8(uint(k) + 8)
        i += 2
    w[48] = int(al)
    w[49] = int(ah)
    w[50] = int(bl)
    w[51] = int(bh)
    w[52] = int(cl)
    w[53] = int(ch)
    w[54] = int(dl)
    w[55] = int(dh)
    w[56] = int(el)
    w[57] = int(eh)
    w[58] = int(fl)
    w[59] = int(fh)
    w[60] = int(gl)
    w[61] = int(gh)
    w[62] = int(hl)
    w[63] = int(hh)


@micropython.viper
def sha512_blocks(state, buf, off: int, count: int):
    s = ptr8(state)
    m = ptr8(buf)
    w = ptr32(_SCRATCH)
    i = 0
    while i < 64:
        w[32 + (i >> 2 ^ 1)] = s[i] << 24 | s[i + 1] << 16 | s[i + 2] << 8 | s[i + 3]
        i += 4
    while count:
        i = 0
        while i < 32:
            w[i ^ 1] = m[off] << 24 | m[off + 1] << 16 | m[off + 2] << 8 | m[off + 3]
            off += 4
            i += 1
        i = 0
        while i < 16:
            w[48 + i] = w[32 + i]
            i += 1
        i = 0
        while True:
            _rounds(0, 0, 0, _SCRATCH, _K, i)
            if i == 512:
                break
            _schedule(0, 0, 0, _SCRATCH)
            i += 128
        i = 32
        while i < 48:
            a = uint(w[i])
            b = uint(w[i + 16])
            x = (a & 0xFFFF) + (b & 0xFFFF)
            y = (a >> 16) + (b >> 16) + (x >> 16)
            w[i] = int(y << 16 | x & 0xFFFF)
            w[i + 1] += w[i + 17] + int(y >> 16)
            i += 2
        count -= 1
    i = 0
    while i < 64:
        j = w[32 + (i >> 2 ^ 1)]
        s[i] = j >> 24
        s[i + 1] = j >> 16
        s[i + 2] = j >> 8
        s[i + 3] = j
        i += 4
    i = 0
    while i < 64:  # message and state may be secret
        w[i] = 0
        i += 1
