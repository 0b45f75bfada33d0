"""ML-DSA-65 verification (FIPS 204) in plain integers, as a second opinion beside the library's. Slow."""

from __future__ import annotations

from hashlib import shake_128, shake_256

Q, D, TAU, OMEGA = 8_380_417, 13, 49, 55
GAMMA1, GAMMA2, BETA = 1 << 19, (8_380_417 - 1) // 32, 196
ROWS, COLUMNS, N = 6, 5, 256
CHALLENGE, Z_POLY = 48, 640  # bytes of the challenge, and of one polynomial of z
KEY_LEN, SIGNATURE_LEN = 1952, 3309
HINTS_AT = CHALLENGE + COLUMNS * Z_POLY

Poly = list[int]


def _zetas() -> list[int]:
    return [pow(1753, int(f"{i:08b}"[::-1], 2), Q) for i in range(N)]


ZETAS = _zetas()


def ntt(poly: Poly) -> Poly:
    """Algorithm 41."""
    w, m, length = list(poly), 0, 128
    while length:
        for start in range(0, N, 2 * length):
            m += 1
            for j in range(start, start + length):
                t = ZETAS[m] * w[j + length] % Q
                w[j + length], w[j] = (w[j] - t) % Q, (w[j] + t) % Q
        length //= 2
    return w


def inverse_ntt(poly: Poly) -> Poly:
    """Algorithm 42."""
    w, m, length = list(poly), N, 1
    while length < N:
        for start in range(0, N, 2 * length):
            m -= 1
            for j in range(start, start + length):
                t = w[j]
                w[j] = (t + w[j + length]) % Q
                w[j + length] = -ZETAS[m] * (t - w[j + length]) % Q
        length *= 2
    return [8_347_681 * value % Q for value in w]


def _unpack(data: bytes, bits: int) -> Poly:
    """Numbers of `bits` bits, least significant first."""
    whole, mask = int.from_bytes(data, "little"), (1 << bits) - 1
    return [whole >> (bits * i) & mask for i in range(N)]


def _matrix_entry(rho: bytes, row: int, column: int) -> Poly:
    """Algorithm 30, for one entry of Algorithm 32."""
    stream = shake_128(rho + bytes([column, row])).digest(3 * 512)
    numbers = (int.from_bytes(stream[i : i + 3], "little") & 0x7FFFFF for i in range(0, len(stream), 3))
    found = [number for number in numbers if number < Q]
    return found[:N]


def _ball(seed: bytes) -> Poly:
    """Algorithm 29: 49 coefficients of 1 or -1."""
    stream = shake_256(seed).digest(1024)
    signs, at = int.from_bytes(stream[:8], "little"), 8
    c = [0] * N
    for i in range(N - TAU, N):
        while stream[at] > i:
            at += 1
        j = stream[at]
        at += 1
        c[i] = c[j]
        c[j] = -1 if signs >> (i + TAU - N) & 1 else 1
    return c


def hints(packed: bytes) -> list[set[int]] | None:
    """Algorithm 21: the places of the hints of each row, or None where they are not written the one way."""
    found, index = [], 0
    for row in range(ROWS):
        end = packed[OMEGA + row]
        if end < index or end > OMEGA:
            return None
        places = list(packed[index:end])
        if places != sorted(set(places)):
            return None
        found.append(set(places))
        index = end
    return None if any(packed[index:OMEGA]) else found


def _use_hint(value: int, hinted: bool) -> int:
    """Algorithms 36 and 40."""
    low = value % (2 * GAMMA2)
    if low > GAMMA2:
        low -= 2 * GAMMA2
    high = (value - low) // (2 * GAMMA2)
    if value - low == Q - 1:
        high, low = 0, low - 1
    if hinted:
        high += 1 if low > 0 else -1
    return high % 16


def _challenge(public: bytes, bound: bytes, seed: bytes, z: list[Poly], marked: list[set[int]]) -> bytes:
    """The challenge that a signature should have begun with."""
    rho, t1 = public[:32], [_unpack(public[32 + 320 * i : 352 + 320 * i], 10) for i in range(ROWS)]
    mu = shake_256(shake_256(public).digest(64) + bound).digest(64)
    challenge = ntt(_ball(seed))
    z_hat = [ntt(poly) for poly in z]
    packed = b""
    for row in range(ROWS):
        shifted = ntt([value << D for value in t1[row]])
        total = [-c * t for c, t in zip(challenge, shifted, strict=True)]
        for column in range(COLUMNS):
            entry = _matrix_entry(rho, row, column)
            total = [sum_ + a * b for sum_, a, b in zip(total, entry, z_hat[column], strict=True)]
        w1 = [_use_hint(value, i in marked[row]) for i, value in enumerate(inverse_ntt([t % Q for t in total]))]
        packed += bytes(w1[i] | w1[i + 1] << 4 for i in range(0, N, 2))
    return shake_256(mu + packed).digest(CHALLENGE)


def verifies(public: bytes, message: bytes, signature: bytes, context: bytes = b"") -> bool:
    """Algorithm 3."""
    if len(public) != KEY_LEN or len(signature) != SIGNATURE_LEN:
        return False
    seed = signature[:CHALLENGE]
    z = [
        [GAMMA1 - value for value in _unpack(signature[CHALLENGE + Z_POLY * i : CHALLENGE + Z_POLY * (i + 1)], 20)]
        for i in range(COLUMNS)
    ]
    marked = hints(signature[HINTS_AT:])
    if marked is None or any(abs(value) >= GAMMA1 - BETA for poly in z for value in poly):
        return False
    return _challenge(public, bytes([0, len(context)]) + context + message, seed, z, marked) == seed


def forge(public: bytes, message: bytes, z: list[Poly], packed_hints: bytes, marked: list[set[int]]) -> bytes:
    """A signature of our choice under a key whose t1 is zero, where the challenge drops out of the equation.

    `packed_hints` is written as it is; `marked` is what a lenient decoder would make of it.
    """
    seed = _challenge(public, b"\0\0" + message, bytes(CHALLENGE), z, marked)
    whole = [sum((GAMMA1 - value) << 20 * i for i, value in enumerate(poly)) for poly in z]
    return seed + b"".join(number.to_bytes(Z_POLY, "little") for number in whole) + packed_hints
