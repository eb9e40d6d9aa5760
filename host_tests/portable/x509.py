# SPDX-License-Identifier: MIT
"""X.509: the roots that clients carry, a chain that streams, names, broken certificates, private keys. The chain (root, CA with name
constraints, leaf; P-256; 2020 to 2099) was made with pki.py."""

import sys
from binascii import a2b_base64

from mxtls.errors import Error
from mxtls.keys import Keys
from mxtls.x509.certificate import Cert
from mxtls.x509.chain import Path
from mxtls.x509.constraints import allowed
from mxtls.x509.names import dn_match, host_match, ip_bytes
from mxtls.x509.pem import pem_object

ROOT = a2b_base64(
    "MIIBxzCCAW2gAwIBAgIUR+wO/t/i+zxdomIHFGntXaENdWEwCgYIKoZIzj0EAwIwMDEUMBIGA1UECgwLbXh0bHMgdGVzdHMxGDAWBgNVBAMMD214dGxzIHRl"
    "c3Qgcm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTAwMDAwMFowMDEUMBIGA1UECgwLbXh0bHMgdGVzdHMxGDAWBgNVBAMMD214dGxzIHRlc3Qgcm9v"
    "dDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEZE2n/AT6g2lH/eqOKLpfBiYt4jkygKHCMrnedbd56Hohwshd8Ow4Ht0uQWbUjIe5pDVlTJlqp+F+9azGU+"
    "cFKjYzBhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBTItvzX4mNja/1QIih+oe6xNLPZZjAfBgNVHSMEGDAWgBTItvzX4mNj"
    "a/1QIih+oe6xNLPZZjAKBggqhkjOPQQDAgNIADBFAiBNd48MzfRz9tf8Pc6a15A9EAUHVY+8r67Cmm/EaWvrKgIhAO0D7UOV197ah0Vh8GT5vH/E37Lu0Dwo"
    "g42OX6hZgCXj"
)
CA = a2b_base64(
    "MIICLTCCAdOgAwIBAgIURkPwUO67NicxQO93SnfCGAHW2LIwCgYIKoZIzj0EAwIwMDEUMBIGA1UECgwLbXh0bHMgdGVzdHMxGDAWBgNVBAMMD214dGxzIHRl"
    "c3Qgcm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTAwMDAwMFowMDEUMBIGA1UECgwLbXh0bHMgdGVzdHMxGDAWBgNVBAMMD214dGxzIHRlc3QgQ0Eg"
    "MTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABC+Jeq4102cIhP+dR9KI0ETlUa+r0qUkWmdYqNF7tjejIPbv3SNSCfxMEP30GnZNH2Q17zFaVSK9+lIcMl9l"
    "n0GjgcgwgcUwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwYgYDVR0eAQH/BFgwVqA/MA2CC2V4YW1wbGUuY29tMAqHCMAAAgD///8AMCKHICAB"
    "DbgAAAAAAAAAAAAAAAD/////AAAAAAAAAAAAAAAAoRMwEYIPYmFkLmV4YW1wbGUuY29tMB0GA1UdDgQWBBTDosXRfRxOaFUzS5TTB6IAS337oDAfBgNVHSME"
    "GDAWgBTItvzX4mNja/1QIih+oe6xNLPZZjAKBggqhkjOPQQDAgNIADBFAiEAvJOsW4UtR0cPfGn1q61yS8isYB465n2OnDrbdYYmpWsCIBv/XWKfCwwfsmym"
    "8e7fq6MCtABQcF1F78lfO6hF6NU3"
)
LEAF = a2b_base64(
    "MIICGjCCAcGgAwIBAgIUWHV+aycRk9vsCPDqnt2qXpJja/cwCgYIKoZIzj0EAwIwMDEUMBIGA1UECgwLbXh0bHMgdGVzdHMxGDAWBgNVBAMMD214dGxzIHRl"
    "c3QgQ0EgMTAgFw0yMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTAwMDAwMFowJTEUMBIGA1UECgwLbXh0bHMgdGVzdHMxDTALBgNVBAMMBGxlYWYwWTATBgcqhkjO"
    "PQIBBggqhkjOPQMBBwNCAAQXDINbext/mYIOzQ5BuAscDqUHLgqzyHMv5u3V4EQir4sPb+NuV9xzSb2bAyk8W44qZPGfeXzbiFctQqAEB4FQo4HBMIG+MAwG"
    "A1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMEkGA1UdEQRCMECCEmRldmljZS5leGFtcGxlLmNvbYISKi53aWxkLmV4"
    "YW1wbGUuY29thwTAAAIHhxAgAQ24AAAAAAAAAAAAAAAHMB0GA1UdDgQWBBSz42Eh+eaSxUzhw42Q7KI5ZGIcyzAfBgNVHSMEGDAWgBTDosXRfRxOaFUzS5TT"
    "B6IAS337oDAKBggqhkjOPQQDAgNHADBEAiBd+WMNR/uFI/QxzRh5ONQrfyaAuGVhSvHPBAjr2bhhPgIgWrR+8YuIbNbjyOPe+VO8WHZv9JCau4XmORqd7Is1"
    "jR4="
)
KEY = a2b_base64(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsKSR23Bq/Z/IOcv7xI4whjn7OT/v//q2ZSZ6FCky8IahRANCAAQXDINbext/mYIOzQ5BuAsc"
    "DqUHLgqzyHMv5u3V4EQir4sPb+NuV9xzSb2bAyk8W44qZPGfeXzbiFctQqAEB4FQ"
)
NOW = 1790000000
passed = 0


def check(what, got, want):
    global passed
    if got != want:
        print("x509: FAIL", what, "got", got, "want", want)
        sys.exit(1)
    passed += 1


def judge(chain, host, now=NOW, purpose=1, anchors=ROOT):
    """Feed the chain through one buffer, as a session does; returns (alert, done)."""
    keys = Keys()
    if anchors:
        keys.load_rsa_keys_mem(trusted_ca=anchors)
    path = Path(keys, purpose, host, now)
    for der in chain:
        buf = bytearray(7) + der
        path.add(buf, 7, len(buf))
        for i in range(len(buf)):
            buf[i] = 0x55
    path.finish()
    return path.alert, path.done


def sequence(*parts):
    body = b"".join(parts)
    return bytes([0x30, len(body)]) + body


def value(tag, data):
    return bytes([tag, len(data)]) + data


def roots(folder):
    """All of the bundle's 148 certificates parse, have a key that can verify, and are no leaves."""
    try:
        with open(folder + "/roots/ca-certificates.pem", "rb") as f:
            text = f.read()
    except OSError:
        return False
    c = Cert()
    pos = count = 0
    while True:
        found = pem_object(text, pos)
        if found is None:
            break
        pos = found[3]
        c.parse(found[2], 0, len(found[2]))
        key = c.public_key()
        check("root %d" % count, (c.ca, c.version, c.unknown, key.bits in (256, 384, 2048, 4096)), (1, 3, 0, True))
        check("name %d" % count, dn_match(c.buf, c.subject, c.subject_end, c.buf, c.issuer, c.issuer_end, False), True)
        count += 1
    check("number of roots", count, 148)
    return True


def names():
    check("IPv4", ip_bytes("192.0.2.7"), b"\xc0\x00\x02\x07")
    for text in (
        "1.2.3",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4.5",
        "a.b.c.d",
        "1:2",
        "::1::",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "g::",
        ":::",
        "1:2:3:4:5:6:7::8",
    ):
        check("no address " + text, ip_bytes(text), None)
    check("IPv6", ip_bytes("::1"), bytes(15) + b"\x01")
    check("IPv6", ip_bytes("[2001:DB8::7]"), b"\x20\x01\x0d\xb8" + bytes(11) + b"\x07")
    check("IPv6", ip_bytes("1:2:3:4:5:6:7:8"), b"\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\x08")
    for name, host, want in (
        (b"example.com", "EXAMPLE.com", True),
        (b"Example.com", "example.com.", True),
        (b"example.com", "www.example.com", False),
        (b"*.example.com", "www.example.com", True),
        (b"*.example.com", "a.b.example.com", False),
        (b"*.example.com", "example.com", False),
        (b"*.com", "example.com", False),
        (b"*", "localhost", False),
        (b"w*.example.com", "www.example.com", False),
        (b"www.*.com", "www.example.com", False),
        (b"*.*.com", "a.example.com", False),
        (b"*.example.com", ".example.com", False),
        (b"192.0.2.7", "192.0.2.7", False),
        (b"*.0.2.7", "192.0.2.7", False),
        (b"", "", False),
        (b"example.com.", "example.com", False),
        (b"*.example.com", "*.example.com", True),
    ):
        san = value(0x82, name)
        check((name, host), host_match(san, 0, len(san), host), want)
    for san in (value(0x87, b"123"), value(0x82, b"a b"), value(0x82, b"\xe9.com"), value(0x83, b"x"), b"\x82\x05abc"):
        try:
            host_match(san, 0, len(san), "example.com")
            check("refused", san, None)
        except Error:
            pass

    def dn(text, tag=19, oid=b"\x55\x04\x03"):
        return sequence(value(0x31, sequence(value(6, oid), value(tag, text))))

    base = dn(b"Some Name")
    for other, want in (
        (dn(b"some  name "), True),
        (dn(b"Some Name", 12), True),
        (dn(b"SomeName"), False),
        (dn(b"some name", 22), True),
        (dn(b"some name", 20), False),
        (dn(b"Some Name", 20), False),
        (dn(b"Some Name", 19, b"\x55\x04\x0a"), False),
        (sequence(), False),
        (sequence(base[2:], base[2:]), False),
    ):
        check("names equal", dn_match(base, 0, len(base), other, 0, len(other), False), want)
        check("names equal", dn_match(other, 0, len(other), base, 0, len(base), False), want)
    two = sequence(base[2:], base[2:])
    check("begins with", dn_match(two, 0, len(two), base, 0, len(base), True), True)
    check("begins with", dn_match(base, 0, len(base), two, 0, len(two), True), False)


def constraints():
    def judge_name(permitted, excluded, *general):
        nc = b""
        if permitted:
            nc += value(0xA0, b"".join([sequence(p) for p in permitted]))
        if excluded:
            nc += value(0xA1, b"".join([sequence(p) for p in excluded]))
        return allowed(nc, 0, len(nc), [8000, sequence(), b"".join(general)])

    def dns(n):
        return value(0x82, n)

    def ip(n):
        return value(0x87, n)

    def uri(n):
        return value(0x86, n)

    net = ip(b"\x0a\0\0\0\xff\0\0\0")
    for permitted, excluded, name, want in (
        ([dns(b"example.com")], [], dns(b"a.Example.com"), True),
        ([dns(b"example.com")], [], dns(b"badexample.com"), False),
        ([dns(b"example.com")], [], dns(b".example.com"), False),
        ([dns(b"a.example.com")], [], dns(b"*.example.com"), False),
        ([dns(b".example.com")], [], dns(b"example.com"), False),
        ([dns(b"")], [], dns(b"example.com"), True),
        ([], [dns(b"example.com")], dns(b"example.com"), False),
        ([], [dns(b"example.com")], dns(b"example.org"), True),
        ([], [dns(b"bar.example.com")], dns(b"*.example.com"), False),
        ([], [dns(b"")], dns(b"x.org"), False),
        ([dns(b"example.com")], [dns(b"bad.example.com")], dns(b"x.bad.example.com"), False),
        ([], [dns(b"example.com")], dns(b"example.com."), False),
        ([net], [], ip(b"\x0a\1\2\3"), True),
        ([net], [], ip(b"\x0b\1\2\3"), False),
        ([net], [], dns(b"any.org"), True),
        ([net], [], ip(bytes(16)), False),
        ([], [net], ip(b"\x0a\1\2\3"), False),
        ([value(0x81, b"example.com")], [], value(0x81, b"a@EXAMPLE.com"), True),
        ([value(0x81, b".example.com")], [], value(0x81, b"a@example.com"), False),
        ([value(0x81, b"a@example.com")], [], value(0x81, b"A@example.com"), False),
        ([value(0x81, b"a@example.com")], [], value(0x81, b"example.com"), False),
        ([], [value(0x88, b"*")], dns(b"example.com"), True),
        ([], [value(0x88, b"*")], value(0x88, b"x"), False),
        ([], [uri(b"x.org")], uri(b"http://y.org"), True),
        ([], [uri(b"x.org")], uri(b"http://u:p@X.ORG:80/y.org"), False),
        ([], [uri(b"x.org")], uri(b"http://y.org?@x.org"), True),
        ([uri(b"x.org")], [], uri(b"http://x.org#y.org"), True),
        ([uri(b"x.org")], [], uri(b"http://a.x.org"), False),
        ([uri(b".x.org")], [], uri(b"spiffe://a.x.org/service"), True),
        ([uri(b".x.org")], [], uri(b"spiffe://x.org"), False),
        ([dns(b"x.org")], [], uri(b"urn:uuid:1"), True),
        ([], [uri(b"x.org")], uri(b"urn:uuid:1"), False),  # RFC 5280 section 4.2.1.10: no host, or an address, is no good
        ([], [uri(b"x.org")], uri(b"http://10.1.2.3/"), False),
        ([], [uri(b"x.org")], uri(b"http://[::1]/"), False),
    ):
        check(("constraint", permitted, excluded, name), judge_name(permitted, excluded, name), want)
    for bad in (ip(b"\x0a\0\0\0\xff\0\xff\0"), ip(bytes(7)), value(0x81, b"a@b@c"), dns(b"*.example.com"), dns(b"example.com."), uri(b"http://x.org"), dns(b"x") + value(0x80, b"\1")):
        try:
            judge_name([], [bad], dns(b"example.com"))
            check("refused", bad, None)
        except Error:
            pass


def chains():
    for host in ("device.example.com", "Device.Example.COM.", "x.wild.example.com", "192.0.2.7", "2001:db8::7", "[2001:db8::7]", None):
        check(host, judge((LEAF, CA), host), (0, True))
    check("wrong host", judge((LEAF, CA), "other.example.com"), (42, True))
    check("root sent as well", judge((LEAF, CA, ROOT), "192.0.2.7"), (0, True))
    check("another certificate between", judge((LEAF, ROOT, LEAF, CA), "192.0.2.7"), (0, True))
    check("missing CA", judge((LEAF,), "192.0.2.7"), (48, False))
    check("no anchors", judge((LEAF, CA, ROOT), "192.0.2.7", anchors=None), (48, False))
    check("other anchor", judge((LEAF, CA), "192.0.2.7", anchors=LEAF), (0, True))
    check("CA is an anchor", judge((LEAF,), "192.0.2.7", anchors=CA), (0, True))
    check("no certificate", judge((), "192.0.2.7"), (42, False))
    check("clock never set", judge((LEAF, CA), "192.0.2.7", now=0), (46, False))
    check("not valid yet", judge((LEAF, CA), "192.0.2.7", now=1570000000), (45, False))
    check("expired", judge((LEAF, CA), "192.0.2.7", now=4200000000), (45, False))
    check("purpose", judge((LEAF, CA), None, purpose=2), (43, True))
    for i, which in ((len(LEAF) - 5, 0), (len(CA) - 5, 1), (200, 0), (200, 1)):
        pair = [bytearray(LEAF), bytearray(CA)]
        pair[which][i] ^= 1
        alert, done = judge([bytes(p) for p in pair], "192.0.2.7")
        check("damaged", (alert in (42, 43, 48), done), (True, False))


def damage():
    """Every truncation is an Error; so is, at the latest by the signature, every changed byte."""
    c = Cert()
    for der in (LEAF, CA):
        for n in range(len(der)):
            try:
                c.parse(der[:n], 0, n)
                check("truncated", n, None)
            except Error:
                pass
        buf = bytearray(der)
        for i in range(len(der)):
            for bit in (1, 128):
                buf[i] ^= bit
                try:
                    c.parse(buf, 0, len(buf))
                    c.public_key()
                    if c.san:
                        host_match(buf, c.san, c.san_end, "example.com")
                except Error:
                    pass
                buf[i] ^= bit


def own_keys():
    keys = Keys()
    keys.load_rsa_keys_mem(LEAF + CA, KEY, ROOT)
    check("own chain", (len(keys.chain), keys.chain[0], keys.private.kind, len(keys.anchors)), (2, (LEAF + CA, 0, len(LEAF)), 3, 1))
    secret = keys.private.d
    keys.delete()
    check("wiped", secret, bytearray(32))
    for cert, priv, ca, code in (
        (LEAF, None, None, -6),
        (None, None, None, -6),
        (CA, KEY, None, -35),
        (CA + LEAF, KEY, None, -35),
        (LEAF + ROOT, KEY, None, -35),
        (LEAF, KEY[:-1], None, -31),
        (LEAF[:-1], KEY, None, -31),
        (None, None, CA[:50], -31),
    ):
        try:
            keys = Keys()
            keys.load_rsa_keys_mem(cert, priv, ca)
            check("refused", None, code)
        except Error as e:
            check("code", (e.code, e.alert), (code, 255))


names()
constraints()
damage()
all_read = roots(sys.argv[1])
chains()
own_keys()
print("x509: %d passed" % passed if all_read else "x509: skipped, no vectors")
