/** HPKE base mode for the two recipient types (section 6): one suite each, opening only. */
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256 } from 'hpke';
import { KEM_DHKEM_X25519_HKDF_SHA256, KEM_MLKEM768_X25519 } from '@panva/hpke-noble';
import { x25519 } from '@noble/curves/ed25519.js';
import { MLKEM768X25519 } from '@noble/post-quantum/hybrid.js';

/**
 * @typedef {object} RecipientType
 * @property {number} encLen
 * @property {number} publicKeyLen
 * @property {CipherSuite} suite
 * @property {(secret: Uint8Array) => Uint8Array} publicKeyOf
 */

/** Secrets of both types have this length: an X25519 secret, or a seed. */
export const SECRET_LEN = 32;

/** @type {ReadonlyMap<number, RecipientType>} */
export const RECIPIENT_TYPES = new Map([
  [
    1,
    {
      encLen: 32,
      publicKeyLen: 32,
      suite: new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM),
      publicKeyOf: (secret) => x25519.getPublicKey(secret),
    },
  ],
  [
    2,
    {
      encLen: 1120,
      publicKeyLen: 1216,
      suite: new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM),
      publicKeyOf: (secret) => MLKEM768X25519.getPublicKey(secret),
    },
  ],
]);

/**
 * Open one wrap, or null. The libraries refuse an all-zero X25519 secret (RCP-9) in both types.
 *
 * @param {RecipientType} type
 * @param {Uint8Array} secret
 * @param {Uint8Array} enc
 * @param {Uint8Array} ciphertext
 * @param {Uint8Array} info
 * @returns {Promise<Uint8Array | null>}
 */
export async function openWrap({ suite }, secret, enc, ciphertext, info) {
  try {
    const key = await suite.DeserializePrivateKey(secret, false);
    return new Uint8Array(await suite.Open(key, enc, ciphertext, { info }));
  } catch {
    return null; // RCP-7: whatever is wrong with an entry, it is skipped
  }
}
