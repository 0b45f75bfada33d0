/** Cobblestone-256 messages and the key schedule (section 7). Decryption only. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';

import { concat, equal, labelled, u16, u32, u8 } from './bytes.js';
import { LIMITS } from './limits.js';

/** @typedef {{ suite: number, kind: number, publisherId: Uint8Array, bundleId: Uint8Array }} Binding */
/** @typedef {{ key: Uint8Array, baseNonce: Uint8Array, commitment: Uint8Array }} Derived */

const SALT_LEN = 24;
const HEAD_LEN = 56;
const TAG_LEN = 16;
const SEALED_CHUNK = LIMITS.chunk + TAG_LEN;
const INFO = labelled('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM');

/**
 * The length of the message of a plaintext of `length` bytes.
 *
 * @param {number} length
 */
export const clen = (length) => HEAD_LEN + length + TAG_LEN * (Math.floor(length / LIMITS.chunk) + 1);

/**
 * The length of the plaintext whose message has `length` bytes, or null where there is none.
 *
 * @param {number} length
 * @returns {number | null}
 */
export function plainLen(length) {
  const chunks = length - HEAD_LEN;
  const last = chunks % SEALED_CHUNK;
  if (chunks < TAG_LEN || last < TAG_LEN) return null;
  return Math.floor(chunks / SEALED_CHUNK) * LIMITS.chunk + last - TAG_LEN;
}

/**
 * What every context and the info of every wrap bind: suite, kind, publisher and bundle.
 *
 * @param {string} label
 * @param {Binding} binding
 */
export const boundTo = (label, { suite, kind, publisherId, bundleId }) =>
  concat(labelled(label), u16(suite), u8(kind), publisherId, bundleId);

/** @param {Binding} binding */
export const manifestContext = (binding) => boundTo('bundlefmt/1 manifest', binding);

/**
 * @param {Binding} binding
 * @param {number} index
 */
export const recordContext = (binding, index) => concat(boundTo('bundlefmt/1 record', binding), u32(index));

/**
 * HKDF-Expand with SHA-512 to 76 bytes, which is two blocks of HMAC (RFC 5869 section 2.3). Libraries
 * refuse the CEK as pseudorandom key, because the RFC wants as many bytes as the hash has, 64; the
 * CEK is 32 uniformly random bytes, which is what HMAC needs of a key.
 *
 * @param {Uint8Array} cek
 * @param {Uint8Array} salt
 * @param {Uint8Array} context
 * @returns {Derived}
 */
export function derive(cek, salt, context) {
  const info = concat(INFO, salt, context);
  const first = hmac(sha512, cek, concat(info, Uint8Array.of(1)));
  const second = hmac(sha512, cek, concat(first, info, Uint8Array.of(2)));
  const bytes = concat(first, second);
  return { key: bytes.subarray(0, 32), baseNonce: bytes.subarray(32, 44), commitment: bytes.subarray(44, 76) };
}

/**
 * Does `cek` derive the commitment of this message (ENC-1)?
 *
 * @param {Uint8Array} cek
 * @param {Uint8Array} context
 * @param {Uint8Array} message
 */
export function commits(cek, context, message) {
  const { commitment } = derive(cek, message.subarray(0, SALT_LEN), context);
  return equal(commitment, message.subarray(SALT_LEN, HEAD_LEN));
}

/**
 * The nonce of chunk `counter`: the base nonce XOR its number. Counters stay below 2^32 here, so only
 * the last four bytes change; derived keys encrypt one message, so no nonce repeats.
 *
 * @param {Uint8Array} baseNonce
 * @param {number} counter
 */
export function chunkNonce(baseNonce, counter) {
  const nonce = baseNonce.slice();
  u32(counter).forEach((byte, i) => {
    nonce[8 + i] ^= byte;
  });
  return nonce;
}

/**
 * No bytes here lie in shared memory, which WebCrypto would refuse.
 *
 * @param {Uint8Array} bytes
 */
export const asSource = (bytes) => /** @type {Uint8Array<ArrayBuffer>} */ (bytes);

/**
 * Decrypt a whole message, or null where length, commitment or any chunk is wrong. Nothing of a
 * message leaves before all of it is authenticated (BDY-4).
 *
 * @param {Uint8Array} cek
 * @param {Uint8Array} context
 * @param {Uint8Array} message
 * @returns {Promise<Uint8Array | null>}
 */
export async function openMessage(cek, context, message) {
  const length = plainLen(message.length);
  if (length === null) return null;
  const { key, baseNonce, commitment } = derive(cek, message.subarray(0, SALT_LEN), context);
  if (!equal(commitment, message.subarray(SALT_LEN, HEAD_LEN))) return null;
  const { subtle } = globalThis.crypto;
  const aes = await subtle.importKey('raw', asSource(key), 'AES-GCM', false, ['decrypt']);
  const plaintext = new Uint8Array(length);
  for (let counter = 0, at = HEAD_LEN; at < message.length; counter += 1, at += SEALED_CHUNK) {
    const chunk = message.subarray(at, at + SEALED_CHUNK);
    try {
      const algorithm = { name: 'AES-GCM', iv: asSource(chunkNonce(baseNonce, counter)) };
      const opened = await subtle.decrypt(algorithm, aes, asSource(chunk));
      plaintext.set(new Uint8Array(opened), counter * LIMITS.chunk);
    } catch {
      return null; // the only failure of WebCrypto here is a wrong tag
    }
  }
  return plaintext;
}
