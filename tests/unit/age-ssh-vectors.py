#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# Writes age-ssh-vectors.h: stanzas for an SSH key and for a passphrase, and SSH
# key files, sound and unsound.  Shares no code with what it tests: Ed25519
# (RFC 8032), its way to Curve25519 (RFC 7748, section 4.1) and OpenSSH's
# PROTOCOL.key are spelt out here, and checked against the RFC's vector first;
# the rest is age-vectors.py's.
#
#	python3 tests/unit/age-ssh-vectors.py > tests/unit/age-ssh-vectors.h

import base64
import hashlib
import importlib.util
import pathlib
import struct

spec = importlib.util.spec_from_file_location(
    'age_vectors', pathlib.Path(__file__).with_name('age-vectors.py'))
age = importlib.util.module_from_spec(spec)
spec.loader.exec_module(age)

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
BY = 4 * pow(5, P - 2, P) % P
BX = int('216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a', 16)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + y1 * x2) * pow(1 + t, P - 2, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


def scalar(seed):
    n = int.from_bytes(hashlib.sha512(seed).digest()[:32], 'little')
    return n & ~7 & 2**255 - 1 | 2**254


def ed25519_public(seed):
    n, sum, at = scalar(seed), (0, 1), (BX, BY)
    while n:
        if n & 1:
            sum = add(sum, at)
        at = add(at, at)
        n >>= 1
    return (sum[1] | (sum[0] & 1) << 255).to_bytes(32, 'little')


def montgomery(pk):
    y = int.from_bytes(pk, 'little') & 2**255 - 1
    return ((1 + y) * pow(1 - y, P - 2, P) % P).to_bytes(32, 'little')


def string(b):
    return struct.pack('>I', len(b)) + b


def public_blob(pk, kind=b'ssh-ed25519'):
    return string(kind) + string(pk)


def age_ssh(pk, e, file_key):
    label = b'age-encryption.org/v1/ssh-ed25519'
    wire, point = public_blob(pk), montgomery(pk)
    share = age.x25519(e, age.BASE)
    tweak = age.hkdf(b'', wire, label)
    shared = age.x25519(tweak, age.x25519(e, point))
    key = age.hkdf(shared, share + point, label)
    tag = hashlib.sha256(wire).digest()[:4]
    return (b'-> ssh-ed25519 ' + age.b64(tag) + b' ' + age.b64(share) + b'\n' +
            age.b64(age.seal(key, bytes(12), file_key)) + b'\n')


def age_scrypt(phrase, salt, log_n, file_key):
    key = hashlib.scrypt(phrase, salt=b'age-encryption.org/v1/scrypt' + salt,
                         n=1 << log_n, r=8, p=1, dklen=32, maxmem=2**28)
    return (b'-> scrypt ' + age.b64(salt) + b' %d\n' % log_n +
            age.b64(age.seal(key, bytes(12), file_key)) + b'\n')


# --- key files


def wrap(b, end=b'\n'):
    text = base64.b64encode(b)
    return end.join(text[i:i + 70] for i in range(0, len(text), 70))


def pem(blob, label=b'OPENSSH PRIVATE KEY', end=b'\n'):
    return (b'-----BEGIN ' + label + b'-----' + end + wrap(blob, end) + end +
            b'-----END ' + label + b'-----' + end)


def private(seed, pk, check=(b'\x01\x02\x03\x04',) * 2, kind=b'ssh-ed25519',
            inner_pk=None, sk_pk=None, sk=None, comment=b'backup@example',
            pad=None, more=b''):
    inner_pk = pk if inner_pk is None else inner_pk
    sk = seed + (pk if sk_pk is None else sk_pk) if sk is None else sk
    out = check[0] + check[1] + string(kind) + string(inner_pk) + string(sk)
    out += string(comment) + more
    return out + (bytes(range(1, 1 + -len(out) % 8)) if pad is None else pad)


def blob(inner, pk, magic=b'openssh-key-v1\0', cipher=b'none', kdf=b'none',
         options=b'', count=1, public=None, more=b''):
    public = public_blob(pk) if public is None else public
    return (magic + string(cipher) + string(kdf) + string(options) +
            struct.pack('>I', count) + string(public) * count +
            string(inner) + more)


def private_files(seed, pk):
    other = ed25519_public(bytes(32))
    good = blob(private(seed, pk), pk)
    rsa = string(b'ssh-rsa') + string(b'\1\0\1') + string(b'\0' + b'\xc5' * 16)

    def key(**k):
        return pem(blob(private(seed, pk, **k), pk))

    def outer(**k):
        return pem(blob(private(seed, pk), pk, **k))

    bcrypt = dict(cipher=b'aes256-ctr', kdf=b'bcrypt',
                  options=string(b'0123456789abcdef') + struct.pack('>I', 16))
    gcm = dict(bcrypt, cipher=b'aes256-gcm@openssh.com', more=bytes(16))
    yield 'CRLF', 'OK', '', pem(good, end=b'\r\n')
    yield 'no line end at the end', 'OK', '', pem(good)[:-1]
    yield 'empty lines at the end', 'OK', '', pem(good) + b'\n\r\n'
    yield 'no comment', 'OK', '', key(comment=b'')
    yield 'a comment of any bytes', 'OK', '', key(comment=bytes(range(256)))
    for n in range(8):
        yield 'padding for a comment of %d' % n, 'OK', '', key(comment=b'x' * n)
    yield 'padding of more than a block', 'OK', '', \
        key(comment=b'', pad=bytes(range(1, 14)))
    yield 'aes256-ctr', 'LOCKED', '', outer(**bcrypt)
    yield 'aes256-gcm, with its tag', 'LOCKED', '', outer(**gcm)
    yield 'an RSA key', 'OTHER', 'ssh-rsa', outer(public=rsa)
    yield 'an RSA key, locked', 'OTHER', 'ssh-rsa', outer(public=rsa, **bcrypt)
    yield 'a hardware key', 'OTHER', 'sk-ssh-ed25519@openssh.com', \
        outer(public=public_blob(pk, b'sk-ssh-ed25519@openssh.com') +
              string(b'ssh:'))
    for label in ('RSA PRIVATE KEY', 'EC PRIVATE KEY', 'PRIVATE KEY',
                  'ENCRYPTED PRIVATE KEY'):
        yield 'PEM of another kind: ' + label, 'OTHER', label, \
            pem(bytes(40), label.encode())
    yield 'PEM of another kind, CRLF', 'OTHER', 'DSA PRIVATE KEY', \
        pem(bytes(40), b'DSA PRIVATE KEY', b'\r\n')
    yield 'a public key in PEM', 'NOT', '', pem(bytes(40), b'PUBLIC KEY')
    yield 'a certificate', 'NOT', '', pem(bytes(40), b'CERTIFICATE')
    yield 'a label too long to show', 'NOT', '', \
        pem(bytes(40), b'X' * 60 + b' PRIVATE KEY')
    yield 'a label that cannot be shown', 'NOT', '', \
        pem(bytes(40), b'\x1b[2J PRIVATE KEY')
    yield 'four dashes behind', 'NOT', '', \
        pem(good).replace(b'KEY-----\n', b'KEY----\n')
    yield 'a word behind the dashes', 'NOT', '', \
        pem(good).replace(b'KEY-----\n', b'KEY----- x\n')
    yield 'a blank in front', 'NOT', '', b' ' + pem(good)
    yield 'a public key', 'NOT', '', b'ssh-ed25519 ' + \
        base64.b64encode(public_blob(pk)) + b' backup@example\n'
    yield 'nothing', 'NOT', '', b''
    yield 'the first line alone', 'BAD', '', pem(good).split(b'\n')[0]
    yield 'no END line', 'BAD', '', pem(good).split(b'-----END')[0]
    yield 'another END line', 'BAD', '', \
        pem(good).replace(b'END OPENSSH', b'END RSA')
    yield 'an empty body', 'BAD', '', pem(b'')
    yield 'a word behind the END line', 'BAD', '', pem(good) + b'x\n'
    yield 'a second key', 'BAD', '', pem(good) + pem(good)
    yield 'a character that is not base64', 'BAD', '', \
        pem(good).replace(b'Ab', b'A!', 1).replace(b'AA', b'A*', 1)
    yield 'a blank in the base64', 'BAD', '', \
        pem(good).replace(b'b3Bl', b'b3 Bl')
    yield 'a NUL in the base64', 'BAD', '', \
        pem(good).replace(b'b3Bl', b'b3\0Bl')
    yield 'padding that lacks', 'BAD', '', pem(good).replace(b'=', b'')
    yield 'another magic', 'BAD', '', outer(magic=b'openssh-key-v2\0')
    yield 'a magic without its NUL', 'BAD', '', outer(magic=b'openssh-key-v1')
    yield 'a KDF without a cipher', 'BAD', '', outer(kdf=b'bcrypt')
    yield 'options of no KDF', 'BAD', '', outer(options=b'x')
    yield 'no key', 'BAD', '', outer(count=0)
    yield 'two keys', 'BAD', '', outer(count=2)
    yield 'something behind it', 'BAD', '', outer(more=b'\0')
    yield 'a public part of no type', 'BAD', '', outer(public=b'')
    yield 'a public part of an empty type', 'BAD', '', outer(public=string(b''))
    yield 'a type that cannot be shown', 'BAD', '', \
        outer(public=public_blob(pk, b'ssh-\x1b'))
    yield 'a type too long to show', 'BAD', '', \
        outer(public=public_blob(pk, b'ssh-' + b'x' * 60))
    yield 'a public part of 31 bytes', 'BAD', '', \
        outer(public=public_blob(pk[:31]))
    yield 'a public part of 33 bytes', 'BAD', '', \
        outer(public=public_blob(pk + b'\0'))
    yield 'something behind the public part', 'BAD', '', \
        outer(public=public_blob(pk) + b'\0')
    yield 'a public part that is another\'s', 'BAD', '', \
        outer(public=public_blob(other))
    yield 'checks that differ: a wrong passphrase', 'BAD', '', \
        key(check=(b'\1\2\3\4', b'\1\2\3\5'))
    yield 'another type inside', 'BAD', '', key(kind=b'ssh-rsa')
    yield 'another public key inside', 'BAD', '', key(inner_pk=other)
    yield 'a public key of 31 bytes inside', 'BAD', '', key(inner_pk=pk[:31])
    yield 'another public key behind the seed', 'BAD', '', key(sk_pk=other)
    yield 'a seed alone', 'BAD', '', key(sk=seed)
    yield 'a secret key of 65 bytes', 'BAD', '', key(sk=seed + pk + b'\0')
    yield 'a seed that is not the public key\'s', 'BAD', '', \
        key(sk=bytes(32) + pk)
    yield 'another pair inside', 'BAD', '', \
        key(inner_pk=other, sk=bytes(32) + other)
    yield 'padding from 0', 'BAD', '', key(comment=b'', pad=bytes(range(5)))
    yield 'padding of zeros', 'BAD', '', key(comment=b'', pad=bytes(5))
    yield 'padding wrong at its end', 'BAD', '', \
        key(comment=b'', pad=b'\1\2\3\4\6')
    yield 'padding to no whole block', 'BAD', '', \
        key(comment=b'', pad=b'\1\2\3\4')
    yield 'a second key inside', 'BAD', '', key(more=string(b'ssh-ed25519'))


def public_lines(pk):
    def b(kind=b'ssh-ed25519', key=pk, more=b''):
        return base64.b64encode(public_blob(key, kind) + more)

    good = b()
    line = b'ssh-ed25519 ' + good
    rsa = base64.b64encode(string(b'ssh-rsa') + string(b'\1\0\1') +
                           string(b'\0' + b'\xc5' * 16))
    yield 'no comment', 'OK', '', line
    yield 'a comment', 'OK', '', line + b' backup@example'
    yield 'a comment with blanks and quotes', 'OK', '', line + b' a "b c\\" d'
    yield 'a comment of any bytes', 'OK', '', \
        line + b' ' + bytes(c for c in range(256) if c != 10)
    yield 'a blank behind it', 'OK', '', line + b' '
    yield 'tabs', 'OK', '', b'ssh-ed25519\t' + good + b'\tx'
    yield 'several blanks', 'OK', '', b'ssh-ed25519 \t ' + good + b'  x'
    yield 'blanks in front', 'NOT', '', b' \t' + line
    yield 'an option', 'OK', '', b'no-pty ' + line
    yield 'options', 'OK', '', b'no-pty,no-X11-forwarding\t' + line + b' x'
    yield 'an option with a value', 'OK', '', b'from="10.0.0.0/8" ' + line
    yield 'an authority', 'OTHER', 'cert-authority', \
        b'cert-authority ' + line
    yield 'an authority among options', 'OTHER', 'cert-authority', \
        b'no-pty,cert-authority,principals="a" ' + line
    yield 'an authority in quotes', 'OK', '', \
        b'command="a ,cert-authority,b" ' + line
    yield 'an option that begins like an authority', 'OK', '', \
        b'cert-authority-x ' + line
    yield 'quoted blanks', 'OK', '', b'command="a b\tc",no-pty ' + line
    yield 'escaped quotes', 'OK', '', b'command="say \\"a b\\" c" ' + line
    yield 'a quote that escapes none', 'OK', '', b'command="a\\\\ b" ' + line
    yield 'a key inside of the quotes', 'OK', '', \
        b'command="ssh-rsa AAAA" ' + line
    yield 'RSA', 'OTHER', 'ssh-rsa', b'ssh-rsa ' + rsa + b' x'
    yield 'RSA behind options', 'OTHER', 'ssh-rsa', \
        b'restrict,command="a b" ssh-rsa ' + rsa
    for kind in ('ssh-dss', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp521',
                 'sk-ssh-ed25519@openssh.com',
                 'sk-ecdsa-sha2-nistp256@openssh.com',
                 'ssh-ed25519-cert-v01@openssh.com',
                 'ssh-rsa-cert-v01@openssh.com', 'ssh-new@example.org'):
        yield kind, 'OTHER', kind, kind.encode() + b' ' + b(kind.encode())
    yield 'nothing', 'NOT', '', b''
    yield 'blanks alone', 'NOT', '', b' \t '
    yield 'a word', 'NOT', '', b'backup'
    yield 'an age recipient', 'NOT', '', b'age1' + b'q' * 58
    yield 'a comment line', 'NOT', '', b'# ' + b'no key here'
    yield 'base64 without its type', 'NOT', '', good
    yield 'an option without a key', 'NOT', '', b'no-pty'
    yield 'a quote that does not end', 'NOT', '', b'command="a ' + line
    yield 'two words of options', 'NOT', '', b'no-pty no-pty ' + line
    yield 'SSH-1', 'NOT', '', b'1024 35 123456789012345678901234567890 x'
    yield 'a private key', 'NOT', '', b'-----BEGIN OPENSSH PRIVATE KEY-----'
    yield 'another case', 'NOT', '', b'SSH-ED25519 ' + good
    yield 'the type alone', 'BAD', '', b'ssh-ed25519'
    yield 'the type and a blank', 'BAD', '', b'ssh-ed25519 '
    yield 'RSA without a key', 'BAD', '', b'ssh-rsa'
    yield 'a word in place of base64', 'BAD', '', b'ssh-ed25519 x y'
    yield 'RSA inside', 'BAD', '', b'ssh-ed25519 ' + rsa
    yield 'Ed25519 inside of RSA', 'BAD', '', b'ssh-rsa ' + good
    yield 'Ed25519 inside of a certificate', 'BAD', '', \
        b'ssh-ed25519-cert-v01@openssh.com ' + good
    yield 'a key of 31 bytes', 'BAD', '', b'ssh-ed25519 ' + b(key=pk[:31])
    yield 'a key of 33 bytes', 'BAD', '', b'ssh-ed25519 ' + b(key=pk + b'\0')
    yield 'something behind the key', 'BAD', '', b'ssh-ed25519 ' + b(more=b'\0')
    yield 'a type alone inside', 'BAD', '', b'ssh-ed25519 ' + \
        base64.b64encode(string(b'ssh-ed25519'))
    yield 'no whole length inside', 'BAD', '', b'ssh-ed25519 AAAA'
    yield 'a length beyond the end', 'BAD', '', b'ssh-ed25519 ' + \
        base64.b64encode(b'\xff\xff\xff\xff' + public_blob(pk)[4:])
    yield 'a character that is not base64', 'BAD', '', \
        line.replace(b'AAAAC3', b'AAAA-3')
    yield 'base64 of no whole groups', 'BAD', '', line[:-1]
    yield 'a line end', 'BAD', '', line + b'\n'


# --- as C


def c_text(b, indent):
    lines, line = [], ''
    for c in b:
        if c in b'"\\':
            line += '\\' + chr(c)
        elif c == 10:
            line += '\\n'
        elif 32 <= c < 127 and c != 63:
            line += chr(c)
        else:
            line += '\\%03o' % c
        if c == 10 or len(line) > 60:
            lines.append(line)
            line = ''
    if line or not lines:
        lines.append(line)
    return ('\n' + indent).join('"%s"' % x for x in lines)


def table(name, rows):
    print('\nstatic const struct ssh_vector %s[] = {' % name)
    for what, want, kind, text in rows:
        print('\t{ "%s", SSH_KEY_%s,\n\t    "%s", %d,\n\t    %s },' % (
            what, want, kind, len(text), c_text(text, '\t    ')))
    print('};')


def self_test():
    seed = bytes.fromhex('9d61b19deffd5a60ba844af492ec2cc4'
                         '4449c5697b326919703bac031cae7f60')
    assert ed25519_public(seed).hex() == (          # RFC 8032, 7.1
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
    pk = ed25519_public(seed)
    n = scalar(seed).to_bytes(32, 'little')
    assert age.x25519(n, age.BASE) == montgomery(pk)


def main():
    self_test()
    seed = bytes((i * 11 + 5) & 255 for i in range(32))
    secret = bytes((i * 13 + 7) & 255 for i in range(32))
    file_key = bytes((i * 17 + 9) & 255 for i in range(16))
    salt = bytes((i * 19 + 3) & 255 for i in range(16))
    pk = ed25519_public(seed)
    print('/* SPDX-License-Identifier: ISC */')
    print('/* Made by age-ssh-vectors.py. */\n')
    for name, b in (('seed', seed), ('pk', pk),
                    ('scalar', scalar(seed).to_bytes(32, 'little')),
                    ('point', montgomery(pk)), ('secret', secret),
                    ('file_key', file_key), ('salt', salt)):
        print('#define VECTOR_%s \\\n    "%s"' % (name.upper(), b.hex()))
    print('\n/* For the key, the ephemeral secret, the file key. */')
    print('#define VECTOR_SSH \\\n    %s' %
          c_text(age_ssh(pk, secret, file_key), '    ').replace('\n', ' \\\n'))
    print('\n/* For a passphrase, the salt, 2^4, and for another, 2^10. */')
    for name, phrase, log_n in (('SHORT', b'x', 4), (
            'LONG', 'Gr\u00f6\u00dfe \u2713 '.encode() * 6, 10)):
        print('#define VECTOR_PASS_%s \\\n    %s' % (
            name, c_text(phrase, '    ').replace('\n', ' \\\n')))
        print('#define VECTOR_SCRYPT_%s \\\n    %s' % (
            name, c_text(age_scrypt(phrase, salt, log_n, file_key),
                         '    ').replace('\n', ' \\\n')))
    print('\n#define VECTOR_PRIVATE \\\n    %s' % c_text(
        pem(blob(private(seed, pk), pk)), '    ').replace('\n', ' \\\n'))
    print('\n#ifdef SSH_KEY_H\t/* included before */')
    print('struct ssh_vector {')
    print('\tconst char *name;\n\tenum ssh_key want;\n\tconst char *type;')
    print('\tsize_t len;\n\tconst char *text;')
    print('};')
    table('vector_private', private_files(seed, pk))
    table('vector_public', public_lines(pk))
    print('#endif')


main()
