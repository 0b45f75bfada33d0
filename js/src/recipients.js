/** The recipients section, hints, and unwrapping the CEK (section 6). */
import { compare, concat, equal, labelled, readU16, sha256, u16 } from './bytes.js';
import { boundTo } from './cobblestone.js';
import { BundleError, must } from './errors.js';
import { openWrap, RECIPIENT_TYPES } from './hpke.js';
import { LIMITS } from './limits.js';

/** @typedef {import('./cobblestone.js').Binding} Binding */
/** @typedef {{ type: number, payload: Uint8Array }} Entry */
/** @typedef {{ type: number, secret: Uint8Array }} Identity */

const ENTRY_HEAD = 4;
const HINT_LEN = 4;
const CIPHERTEXT_LEN = 48;

/**
 * Split the section into entries (RCP-1 to RCP-4).
 *
 * @param {Uint8Array} bytes
 * @returns {Entry[]}
 */
export function readRecipients(bytes) {
  /** @type {Entry[]} */
  const entries = [];
  let unknown = 0;
  /** @type {Uint8Array} */
  let previous = new Uint8Array(0);
  for (let at = 0; at < bytes.length; ) {
    table(entries.length < LIMITS.recipients, 'too many entries');
    table(at + ENTRY_HEAD <= bytes.length, 'an entry does not fit');
    const type = readU16(bytes, at);
    const length = readU16(bytes, at + 2);
    if (!RECIPIENT_TYPES.has(type)) unknown += 1;
    table(isPayloadLength(type, length), 'payload length');
    const entry = bytes.subarray(at, at + ENTRY_HEAD + length);
    table(entry.length === ENTRY_HEAD + length, 'an entry does not fit');
    table(compare(previous, entry) < 0, 'entries do not ascend');
    entries.push({ type, payload: entry.subarray(ENTRY_HEAD) });
    previous = entry;
    at += entry.length;
  }
  table(entries.length > 0, 'no entries');
  table(unknown <= LIMITS.unknown_recipients, 'too many entries of unknown type');
  return entries;
}

/**
 * RCP-3.
 *
 * @param {number} type
 * @param {number} length
 */
export function isPayloadLength(type, length) {
  const known = RECIPIENT_TYPES.get(type);
  if (known === undefined) return length >= 1 && length <= LIMITS.recipient_len;
  const anonymous = known.encLen + CIPHERTEXT_LEN;
  return length === anonymous || length === anonymous + HINT_LEN;
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
function table(condition, message) {
  must(condition, 'RECIPIENT_TABLE', message);
}

/**
 * @param {number} type
 * @param {Uint8Array} enc
 * @param {Uint8Array} publicKey
 */
export const hintOf = (type, enc, publicKey) =>
  sha256(labelled('bundlefmt/1 hint'), u16(type), enc, publicKey).subarray(0, HINT_LEN);

/**
 * The recipient key id that tools show.
 *
 * @param {number} type
 * @param {Uint8Array} publicKey
 */
export const keyIdOf = (type, publicKey) =>
  sha256(labelled('bundlefmt/1 recipient'), u16(type), publicKey).subarray(0, 8);

/**
 * The info that binds a wrap to its bundle.
 *
 * @param {Binding} binding
 * @param {number} type
 */
export const wrapInfo = (binding, type) => concat(boundTo('bundlefmt/1 wrap', binding), u16(type));

/**
 * Open one entry with one identity of its type, or null (RCP-6: a wrong hint opens nothing).
 *
 * @param {Entry} entry of a known type and a length of its table
 * @param {Identity} identity
 * @param {Binding} binding
 * @returns {Promise<Uint8Array | null>}
 */
export async function openEntry({ type, payload }, { secret }, binding) {
  const known = RECIPIENT_TYPES.get(type);
  if (known === undefined) return null;
  const hintLen = payload.length - known.encLen - CIPHERTEXT_LEN;
  const hint = payload.subarray(0, hintLen);
  const enc = payload.subarray(hintLen, hintLen + known.encLen);
  if (hintLen > 0 && !equal(hint, hintOf(type, enc, known.publicKeyOf(secret)))) return null;
  return openWrap(known, secret, enc, payload.subarray(hintLen + known.encLen), wrapInfo(binding, type));
}

/**
 * Find the CEK (RCP-5 to RCP-8): the first one, in the order of the entries, that is right.
 *
 * @param {Entry[]} entries
 * @param {Identity[]} identities
 * @param {Binding} binding
 * @param {(cek: Uint8Array) => boolean} isRight the manifest's commitment
 * @returns {Promise<Uint8Array>}
 */
export async function unwrap(entries, identities, binding, isRight) {
  for (const entry of entries) {
    for (const identity of identities) {
      if (identity.type !== entry.type) continue;
      const cek = await openEntry(entry, identity, binding);
      if (cek !== null && isRight(cek)) return cek;
    }
  }
  throw new BundleError('NO_IDENTITY', 'no identity at hand opens the bundle');
}
