# SPDX-License-Identifier: MIT
"""Whose certificate it is: host names against subjectAltName (RFC 6125, RFC 9525) and distinguished names against each other
(RFC 5280 section 7.1). Called by chain.py, constraints.py and keys.py. The common name is never looked at for a host."""

from mxtls.x509.der import Der, fail


def ip_bytes(host):
    """The 4 or 16 bytes of an IPv4 or IPv6 literal (brackets allowed), None for anything else."""
    if ":" not in host:
        parts = host.split(".")
        if len(parts) != 4:
            return None
        out = bytearray(4)
        for i in range(4):
            p = parts[i]
            if not p.isdigit() or len(p) > 3 or int(p) > 255 or (p[0] == "0" and len(p) > 1):
                return None
            out[i] = int(p)
        return bytes(out)
    if host[0] == "[" and host[-1] == "]":
        host = host[1:-1]
    halves = host.split("::")
    head = halves[0].split(":") if halves[0] else []
    tail = halves[1].split(":") if len(halves) == 2 and halves[1] else []
    gap = 8 - len(head) - len(tail)
    if len(halves) > 2 or gap < 0 or (gap > 0) != (len(halves) == 2):
        return None
    out = bytearray()
    for p in head + ["0"] * gap + tail:
        if not 0 < len(p) < 5:
            return None
        for c in p:
            if c not in "0123456789abcdefABCDEF":
                return None
        out.append(int(p, 16) >> 8)
        out.append(int(p, 16) & 255)
    return bytes(out)


def host_match(buf, off, end, host):
    """True when host, a DNS name or an IP literal, is among the GeneralNames in buf[off:end]; all of them must be well-formed.

    A wildcard stands for exactly the left-most label and needs two labels after it.
    """
    ip = ip_bytes(host)
    host = host.encode().lower()
    if host[-1:] == b".":
        host = host[:-1]
    rest = host[host.find(b".") :] if host.find(b".") > 0 else b""
    found = False
    d = Der(buf)
    while off < end:
        off = d.read(off, end, 0)
        name = bytes(buf[off : d.end])
        off = d.end
        tag = d.tag
        if tag == 0x82:
            for c in name:
                if c < 33 or c > 126:
                    fail("the certificate lists a host name that is not ASCII")
            name = name.lower()
            if ip is None and host:
                if name == host:
                    found = True
                elif name[:2] == b"*." and name[1:] == rest and name.count(b".") > 1 and name.count(b"*") == 1:
                    found = True
        elif tag == 0x87:
            if len(name) != 4 and len(name) != 16:
                fail("the certificate lists a malformed IP address")
            if name == ip:
                found = True
        elif tag not in (0x81, 0x86, 0x88, 0xA0, 0xA3, 0xA4, 0xA5):
            fail("the certificate's alternative names are malformed")
    return found


def dn_match(a, p, p_end, b, q, q_end, prefix):
    """True when the distinguished names (whole values) in a[p:p_end] and b[q:q_end] are equal or, with prefix, when the first
    begins with the second. PrintableString, UTF8String and IA5String (domain components and e-mail addresses) ignore ASCII case and runs of
    spaces, all else is exact."""
    if a[p:p_end] == b[q:q_end]:
        return True
    x = Der(a)
    y = Der(b)
    p = x.read(p, p_end, 0x30)
    q = y.read(q, q_end, 0x30)
    while q < q_end:
        if p >= p_end:
            return False
        i = x.read(p, p_end, 0x31)
        j = y.read(q, q_end, 0x31)
        p = x.end
        q = y.end
        while i < p and j < q:
            i = x.read(x.read(i, p, 0x30), p, 6)
            j = y.read(y.read(j, q, 0x30), q, 6)
            if a[i : x.end] != b[j : y.end]:
                return False
            i = x.read(x.end, p, 0)
            j = y.read(y.end, q, 0)
            s = bytes(a[i : x.end])
            t = bytes(b[j : y.end])
            i = x.end
            j = y.end
            if s != t or x.tag != y.tag:
                if x.tag not in (12, 19, 22) or y.tag not in (12, 19, 22):
                    return False
                if b" ".join(s.lower().split()) != b" ".join(t.lower().split()):
                    return False
        if i != p or j != q:
            return False
    return prefix or p == p_end
