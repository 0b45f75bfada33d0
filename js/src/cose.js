/** The bytes that are signed, and the names of keys (section 3). */
import { concat, fromHex, sha256, u16, utf8 } from './bytes.js';

/** COSE key thumbprint: the map {1: 1 (OKP), -1: 6 (Ed25519), -2: key} up to the key. */
const THUMBPRINT = fromHex('a301012006215820');
/** An array of four, "Signature1", and a byte string with the map {1: -19, 4: kid} up to the kid. */
const SIG_STRUCTURE = concat(fromHex('846a'), utf8('Signature1'), fromHex('5826a2013204'), fromHex('5820'));

export const LABELS = Object.freeze({
  release: 'bundlefmt/1 release',
  pointer: 'bundlefmt/1 pointer',
  trust: 'bundlefmt/1 trust',
});

/**
 * The kid of an Ed25519 key (SIG-4: always computed, never taken from a file).
 *
 * @param {Uint8Array} publicKey
 */
export const kidOf = (publicKey) => sha256(THUMBPRINT, publicKey);

/**
 * @param {Uint8Array} kid
 * @param {string} label
 * @param {Uint8Array} payload
 */
export const sigStructure = (kid, label, payload) =>
  concat(SIG_STRUCTURE, kid, byteString(utf8(label)), byteString(payload));

/**
 * A CBOR byte string with the shortest head; signed payloads stay below 64 KiB.
 *
 * @param {Uint8Array} bytes
 */
function byteString(bytes) {
  const length = bytes.length;
  if (length < 24) return concat(Uint8Array.of(0x40 + length), bytes);
  if (length < 256) return concat(Uint8Array.of(0x58, length), bytes);
  return concat(Uint8Array.of(0x59), u16(length), bytes);
}
