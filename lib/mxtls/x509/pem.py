# SPDX-License-Identifier: MIT
"""PEM (RFC 7468, RFC 1421 headers): the objects of a text one at a time. Called by keys.py for files and buffers that are not DER."""

from binascii import a2b_base64

from mxtls.x509.der import fail

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def pem_object(text, pos):
    """The next object of the bytes `text` at or after pos: (label, headers, DER as a bytearray, where to go on), or None.

    Anything may stand between objects. headers: the bytes of RFC 1421 header lines, mostly empty.
    """
    start = text.find(b"-----BEGIN ", pos)
    if start < 0:
        return None
    stop = text.find(b"-----", start + 11)
    if stop < 0 or stop - start > 80:
        fail("a PEM BEGIN line is not complete")
    label = text[start + 11 : stop]
    last = b"-----END " + label + b"-----"
    pos = stop + 5
    end = text.find(last, pos)
    if end < 0:
        fail("a PEM object has no END line that matches its BEGIN line")
    headers = b""
    colon = text.find(b":", pos, end)
    if colon >= 0:
        stop = text.find(b"\n\n", colon, end)
        skip = text.find(b"\r\n\r\n", colon, end)
        if stop < 0 or 0 <= skip < stop:
            stop = skip
        if stop < 0:
            fail("no empty line ends the headers of a PEM object")
        headers = text[pos:stop]
        pos = stop
    body = b"".join(text[pos:end].split())
    n = len(body)
    pad = 2 if body[-2:] == b"==" else 1 if body[-1:] == b"=" else 0
    if n == 0 or n % 4:
        fail("a PEM object is empty or truncated")
    for i in range(n - pad):
        if body[i] not in _DIGITS:
            fail("a PEM object is not base64")
    return "".join(map(chr, label)), headers, bytearray(a2b_base64(body)), end + len(last)
