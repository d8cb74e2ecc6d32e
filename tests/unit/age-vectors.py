#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# Writes age-vectors.h: what pgb-encrypt must write, byte for byte, when its
# randomness is known.  Shares no code with it: ChaCha20-Poly1305 (RFC 8439),
# X25519 (RFC 7748), HKDF (RFC 5869) and bech32 (BIP 173) are spelt out here,
# and checked against the vectors of their own texts first.
#
#	python3 tests/unit/age-vectors.py > tests/unit/age-vectors.h

import base64
import hashlib
import hmac
import struct

MASK = 0xffffffff


def rotl(x, n):
    return (x << n | x >> 32 - n) & MASK


def chacha_block(key, counter, nonce):
    s = list(struct.unpack('<16I', b'expand 32-byte k' + key +
                           struct.pack('<I', counter) + nonce))
    w = s[:]
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14),
                           (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12),
                           (2, 7, 8, 13), (3, 4, 9, 14)):
            w[a] = (w[a] + w[b]) & MASK
            w[d] = rotl(w[d] ^ w[a], 16)
            w[c] = (w[c] + w[d]) & MASK
            w[b] = rotl(w[b] ^ w[c], 12)
            w[a] = (w[a] + w[b]) & MASK
            w[d] = rotl(w[d] ^ w[a], 8)
            w[c] = (w[c] + w[d]) & MASK
            w[b] = rotl(w[b] ^ w[c], 7)
    return struct.pack('<16I', *((x + y) & MASK for x, y in zip(w, s)))


def poly1305(key, msg):
    r = int.from_bytes(key[:16], 'little') & 0x0ffffffc0ffffffc0ffffffc0fffffff
    acc = 0
    for i in range(0, len(msg), 16):
        part = msg[i:i + 16] + b'\1'
        acc = (acc + int.from_bytes(part, 'little')) * r % (2**130 - 5)
    acc += int.from_bytes(key[16:], 'little')
    return (acc & 2**128 - 1).to_bytes(16, 'little')


def pad16(b):
    return b'\0' * (-len(b) % 16)


def seal(key, nonce, plain, aad=b''):
    out = bytearray()
    for i in range(0, len(plain), 64):
        block = chacha_block(key, 1 + i // 64, nonce)
        out += bytes(x ^ y for x, y in zip(plain[i:i + 64], block))
    mac = aad + pad16(aad) + bytes(out) + pad16(out)
    mac += struct.pack('<QQ', len(aad), len(out))
    return bytes(out) + poly1305(chacha_block(key, 0, nonce)[:32], mac)


def x25519(k, u):
    p = 2**255 - 19
    k = int.from_bytes(k, 'little') & ~7 & 2**255 - 1 | 2**254
    x1 = int.from_bytes(u, 'little') & 2**255 - 1
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b = (x2 + z2) % p, (x2 - z2) % p
        aa, bb = a * a % p, b * b % p
        e = (aa - bb) % p
        c, d = (x3 + z3) % p, (x3 - z3) % p
        da, cb = d * a % p, c * b % p
        x3, z3 = (da + cb)**2 % p, x1 * (da - cb)**2 % p
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
    if swap:
        x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, 'little')


BASE = (9).to_bytes(32, 'little')


def hkdf(ikm, salt, info):
    prk = hmac.digest(salt or b'\0' * 32, ikm, 'sha256')
    return hmac.digest(prk, info + b'\1', 'sha256')


def b64(b):
    return base64.b64encode(b).rstrip(b'=')


CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'


def polymod(words):
    sum = 1
    for w in words:
        top = sum >> 25
        sum = (sum & 0x1ffffff) << 5 ^ w
        for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                               0x2a1462b3)):
            sum ^= g if top >> i & 1 else 0
    return sum


def bech32(hrp, data):
    low = hrp.lower()
    bits = ''.join(format(b, '08b') for b in data)
    bits += '0' * (-len(bits) % 5)
    words = [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
    head = [ord(c) >> 5 for c in low] + [0] + [ord(c) & 31 for c in low]
    check = polymod(head + words + [0] * 6) ^ 1
    words += [check >> 5 * (5 - i) & 31 for i in range(6)]
    text = low + '1' + ''.join(CHARSET[w] for w in words)
    return text.upper() if hrp != low else text


def self_test():
    key = bytes(range(0x80, 0xa0))
    aad = bytes.fromhex('50515253c0c1c2c3c4c5c6c7')
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you "
            b"only one tip for the future, sunscreen would be it.")
    nonce = bytes.fromhex('070000004041424344454647')
    assert seal(key, nonce, text, aad)[-16:].hex() == \
        '1ae10b594f09e26a7e902ecbd0600691'          # RFC 8439, 2.8.2
    a = bytes.fromhex('77076d0a7318a57d3c16c17251b26645'
                      'df4c2f87ebc0992ab177fba51db92c2a')  # RFC 7748, 6.1
    assert x25519(a, BASE).hex() == ('8520f0098930a754748b7ddcb43ef75a'
                                     '0dbf3a0d26381af4eba4a98eaa9b4e6a')
    assert bech32('a', b'') == 'a12uel5l'           # BIP 173


# Plaintext and randomness, as the test makes them.
def plain(n):
    return bytes((i * 131 + (i >> 8)) & 255 for i in range(n))


class Random:
    def __init__(self):
        self.at = 0

    def __call__(self, n):
        out = bytes((i * 181 + 43) & 255 for i in range(self.at, self.at + n))
        self.at += n
        return out


def encrypt(points, text):
    rnd = Random()
    file_key = rnd(16)
    out = b'age-encryption.org/v1\n'
    for point in points:
        e = rnd(32)
        share = x25519(e, BASE)
        key = hkdf(x25519(e, point), share + point,
                   b'age-encryption.org/v1/X25519')
        body = seal(key, bytes(12), file_key)
        out += b'-> X25519 ' + b64(share) + b'\n' + b64(body) + b'\n'
    out += b'---'
    mac = hmac.digest(hkdf(file_key, b'', b'header'), out, 'sha256')
    out += b' ' + b64(mac) + b'\n'
    nonce = rnd(16)
    out += nonce
    key = hkdf(file_key, nonce, b'payload')
    chunks = [text[i:i + 65536] for i in range(0, len(text), 65536)] or [b'']
    for i, chunk in enumerate(chunks):
        last = i == len(chunks) - 1
        out += seal(key, i.to_bytes(11, 'big') + bytes([last]), chunk)
    return out


def c_string(b, indent):
    h = b.hex()
    return ('\n' + indent).join('"%s"' % h[i:i + 60]
                                for i in range(0, len(h), 60))


def main():
    self_test()
    secrets = [bytes((i * 7 + n) & 255 for i in range(32)) for n in (1, 2, 3)]
    points = [x25519(s, BASE) for s in secrets]
    print('/* SPDX-License-Identifier: ISC */')
    print('/* Made by age-vectors.py. */\n')
    print('static const char *const vector_keys[][2] = {')
    for s, p in zip(secrets, points):
        print('\t{ "%s",\n\t    "%s" },' % (bech32('AGE-SECRET-KEY-', s),
                                          bech32('age', p)))
    print('};\n')
    print('/* Plaintext length, recipients, SHA-256 of the file. */')
    print('static const struct vector {\n\tsize_t len, recipients;')
    print('\tconst char *sha256;\n} vectors[] = {')
    for n, r in ((0, 1), (1, 1), (1, 3), (65535, 1), (65536, 1), (65537, 1),
                 (131072, 2), (131073, 1)):
        sum = hashlib.sha256(encrypt(points[:r], plain(n))).hexdigest()
        print('\t{ %d, %d, "%s"\n\t    "%s" },' % (n, r, sum[:32], sum[32:]))
    print('};\n')
    print('/* The whole file of one byte for the first key. */')
    print('static const char vector_file[] =')
    print('    %s;\n' % c_string(encrypt(points[:1], plain(1)), '    '))
    print('/* "x" sealed as chunk 0x0102030405060708, final or not, under the\n'
          ' * key 0, 1, ... 31. */')
    nonce = (0x0102030405060708).to_bytes(11, 'big')
    for name, flag in (('vector_chunk', b'\0'), ('vector_final', b'\1')):
        print('static const char %s[] = "%s";' %
              (name, seal(bytes(range(32)), nonce + flag, b'x').hex()))


if __name__ == '__main__':
    main()
