/** The signature algorithms this reader implements (section 3): lengths, kids, signed bytes, verification. */
import { ml_dsa65 as mlDsa65 } from '@noble/post-quantum/ml-dsa.js';

import { fromHex, labelled, sha256, u16 } from './bytes.js';
import { verifyStrict } from './ed25519.js';

/**
 * @typedef {object} Algorithm
 * @property {number} publicKeyLen
 * @property {number} signatureLen
 * @property {Uint8Array} protectedHead a CBOR byte string with a COSE algorithm and, up to its bytes, a kid
 * @property {(publicKey: Uint8Array) => Uint8Array} kidOf computed from the key, never taken from a file (SIG-4)
 * @property {(publicKey: Uint8Array, signed: Uint8Array, signature: Uint8Array) => boolean} verify
 * @property {(publicKey: Uint8Array) => Uint8Array[]} halves the keys a public key is made of
 */

export const ED25519 = 1;
export const HYBRID = 2;

const ED25519_KEY_LEN = 32;
const ED25519_SIGNATURE_LEN = 64;
/** COSE key thumbprint: the map {1: 1 (OKP), -1: 6 (Ed25519), -2: key} up to the key. */
const THUMBPRINT = fromHex('a301012006215820');

/** @param {Uint8Array} publicKey */
const hybridHalves = (publicKey) => [publicKey.subarray(0, ED25519_KEY_LEN), publicKey.subarray(ED25519_KEY_LEN)];

/**
 * ML-DSA.Verify with empty context. Bytes that are no key or signature at all make the library throw.
 *
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} signed
 * @param {Uint8Array} signature
 */
function verifyMlDsa(publicKey, signed, signature) {
  try {
    return mlDsa65.verify(signature, signed, publicKey);
  } catch {
    return false;
  }
}

/** @type {ReadonlyMap<number, Algorithm>} */
export const ALGORITHMS = new Map([
  [
    ED25519,
    {
      publicKeyLen: ED25519_KEY_LEN,
      signatureLen: ED25519_SIGNATURE_LEN,
      protectedHead: fromHex('5826a2013204'),
      kidOf: (publicKey) => sha256(THUMBPRINT, publicKey),
      verify: verifyStrict,
      halves: (publicKey) => [publicKey],
    },
  ],
  [
    HYBRID,
    {
      publicKeyLen: 1984,
      signatureLen: 3373,
      protectedHead: fromHex('582aa2013a626e646c04'),
      kidOf: (publicKey) => sha256(labelled('bundlefmt/1 signer'), u16(HYBRID), publicKey),
      verify: (publicKey, signed, signature) => {
        const [ed25519Key, mlDsaKey] = hybridHalves(publicKey);
        // HYB-1: both halves, over the same bytes.
        return (
          verifyStrict(ed25519Key, signed, signature.subarray(0, ED25519_SIGNATURE_LEN)) &&
          verifyMlDsa(mlDsaKey, signed, signature.subarray(ED25519_SIGNATURE_LEN))
        );
      },
      halves: hybridHalves,
    },
  ],
]);

/**
 * An algorithm by its number, which must be one that is implemented.
 *
 * @param {number} alg
 */
export function algorithm(alg) {
  const found = ALGORITHMS.get(alg);
  if (found === undefined) throw new RangeError(`algorithm ${alg}`);
  return found;
}
