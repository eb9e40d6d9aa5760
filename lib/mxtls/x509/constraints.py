# SPDX-License-Identifier: MIT
"""Name constraints (RFC 5280 sections 4.2.1.10 and 6.1.4): DNS, IP, e-mail, URI and directory names. Called by chain.py, and only
where an issuer has them."""

from mxtls.x509.der import Der, fail
from mxtls.x509.names import dn_match

_EMAIL_OID = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"


def allowed(buf, off, end, names):
    """Do the NameConstraints in buf[off:end] allow all of names: how much work is left, subject, alternative names, subject, alternative names …?

    Malformed constraints, a kind of name that cannot be judged but is constrained, and too much work are refusals.
    """
    for i in range(1, len(names), 2):
        name = names[i]
        if not permits(buf, off, end, 0xA4 if len(name) > 2 else 0, name, 0, len(name), names):
            return False
        d = Der(name)
        p = d.read(0, len(name), 0x30)
        others = names[i + 1]
        while p < len(name) and not names[i + 1]:  # the e-mail addresses of subjects without alternative names stand for these
            p = d.read(p, len(name), 0)
            if d.tag == 0x30:  # an attribute, else a set of them, to step into
                q = p
                p = d.end
                q = d.read(q, p, 6)
                if name[q : d.end] == _EMAIL_OID:
                    others += b"\x81" + name[d.end + 1 : p]
        d.buf = others
        p = 0
        while p < len(others):
            p = d.read(p, len(others), 0)
            if not permits(buf, off, end, d.tag, others, p, d.end, names):
                return False
            p = d.end
    return True


def permits(buf, off, end, tag, a, a_off, a_end, names):
    """Is the one name a[a_off:a_end], of the GeneralName kind tag (0: none), in a permitted subtree if any is of its kind, and in no
    excluded one? What it takes to find out goes from the work that is left."""
    names[0] -= (end - off >> 4) + 1
    if names[0] < 0:
        fail("the chain has too many names and name constraints: use another certificate")
    name = bytes(a[a_off:a_end])
    at = name.find(b"@")
    if tag == 0x82:
        name = name.lower()
        if name[-1:] == b".":
            name = name[:-1]
        if name[:1] == b".":
            return False
    elif tag == 0x86:  # its host counts (RFC 3986 section 3.2)
        at = name.find(b"://")
        name = name[at + 3 :].split(b"/")[0].split(b"?")[0].split(b"#")[0].split(b"@")[-1].split(b":")[0] if at > 0 else b""
        at = -1
    elif tag == 0x81 and (at < 0 or name.count(b"@") != 1):
        return False
    elif tag == 0x87 and len(name) != 4 and len(name) != 16:
        return False
    d = Der(buf)
    last = 0
    wanted = found = False
    while off < end:
        p = d.read(off, end, 0)
        group = d.tag
        off = d.end
        if group <= last or group < 0xA0 or group > 0xA1 or p == off:
            fail("name constraints are malformed")
        last = group
        while p < off:
            q = d.read(p, off, 0x30)
            p = d.end
            q = d.read(q, p, 0)
            if d.end != p:
                fail("name constraints with a minimum or maximum are not supported")
            base = bytes(buf[q:p])
            half = len(base) // 2
            if d.tag == 0x87:
                bits = 0
                for i in range(half, 2 * half):
                    bits = bits << 8 | base[i]
                bits ^= (1 << 8 * half) - 1
                if half not in (4, 16) or len(base) & 1 or bits & bits + 1:
                    fail("a name constraint is no IP address with a mask")
            elif d.tag == 0x81 and base.count(b"@") > 1:
                fail("a name constraint is no e-mail address")
            elif (d.tag == 0x82 or d.tag == 0x86) and (base.find(b"*") >= 0 or base.find(b"/") >= 0 or base[-1:] == b"."):
                fail("a name constraint is no host name")
            if d.tag != tag:
                continue
            inside = False
            if tag == 0x82:
                base = base.lower()
                if base[:1] == b".":
                    inside = name.endswith(base)
                else:
                    inside = not base or name == base or name.endswith(b"." + base)
                if group == 0xA1 and name[:2] == b"*." and base[base.find(b".", 1) :] == name[1:]:
                    inside = True
            elif tag == 0x87:
                inside = half == len(name)
                for i in range(half if inside else 0):
                    if (name[i] ^ base[i]) & base[half + i]:
                        inside = False
            elif tag == 0x81 or (tag == 0x86 and name[-1:].isalpha()):  # a URI without a host's name is refused
                if base.find(b"@") >= 0:
                    inside = name[: at + 1] + name[at + 1 :].lower() == base[: base.find(b"@")] + base[base.find(b"@") :].lower()
                elif base[:1] == b".":
                    inside = name[at + 1 :].lower().endswith(base.lower())
                else:
                    inside = not base or name[at + 1 :].lower() == base.lower()
            elif tag == 0xA4:
                inside = dn_match(a, a_off, a_end, buf, q, p, True)
            else:
                return False
            if group == 0xA1:
                if inside:
                    return False
            else:
                wanted = True
                found = found or inside
    return found or not wanted
