/** Signature tables and how their rows are counted (section 3). */
import { compare, equal, readU16 } from './bytes.js';
import { kidOf, sigStructure } from './cose.js';
import { verifyStrict } from './ed25519.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';

/** @typedef {import('./errors.js').Code} Code */
/** @typedef {{ alg: number, kid: Uint8Array, signature: Uint8Array }} Row */
/** @typedef {{ alg: number, publicKey: Uint8Array }} Key */
/** @typedef {{ threshold: number, keys: Key[] }} Role */

export const ALG_ED25519 = 1;
const ROW_HEAD = 36;

/**
 * Split a table into rows (SIG-1 to SIG-3), or refuse with `code`.
 *
 * @param {Uint8Array} bytes
 * @param {Code} code
 * @returns {Row[]}
 */
export function readTable(bytes, code) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {Uint8Array} */
  let previous = new Uint8Array(0);
  for (let at = 0; at < bytes.length; ) {
    must(rows.length < LIMITS.signature_rows, code, 'too many rows');
    must(at + ROW_HEAD <= bytes.length, code, 'a row does not fit');
    const name = bytes.subarray(at, at + 34);
    must(compare(previous, name) < 0, code, 'rows do not ascend');
    previous = name;
    const alg = readU16(bytes, at);
    const length = readU16(bytes, at + 34);
    must(alg === ALG_ED25519 ? length === 64 : length >= 1 && length <= LIMITS.signature_len, code, 'signature length');
    at += ROW_HEAD;
    must(at + length <= bytes.length, code, 'a signature does not fit');
    rows.push({ alg, kid: name.subarray(2), signature: bytes.subarray(at, at + length) });
    at += length;
  }
  must(rows.length > 0, code, 'no rows');
  return rows;
}

/**
 * The keys of a role whose algorithm this reader implements.
 *
 * @param {Role} role
 */
export const usableKeys = (role) => role.keys.filter((key) => key.alg === ALG_ED25519);

/**
 * Refuse unless every known row is valid (SIG-5) and they reach the threshold (SIG-6).
 *
 * @param {Row[]} rows
 * @param {Role} role
 * @param {string} label
 * @param {Uint8Array} payload
 * @param {{ invalid: Code, threshold: Code }} codes
 */
export function judgeRows(rows, role, label, payload, codes) {
  const keys = usableKeys(role).map(({ publicKey }) => ({ publicKey, kid: kidOf(publicKey) }));
  let valid = 0;
  for (const row of rows) {
    // SIG-7: whatever is not the row of a key of this role says nothing.
    const key = row.alg === ALG_ED25519 ? keys.find(({ kid }) => equal(kid, row.kid)) : undefined;
    if (key === undefined) continue;
    const signed = sigStructure(key.kid, label, payload);
    must(verifyStrict(key.publicKey, signed, row.signature), codes.invalid, 'the signature of a trusted key is bad');
    valid += 1; // one row per kid (SIG-2) and one key per kid: rows count distinct keys
  }
  must(valid >= role.threshold, codes.threshold, `${valid} of ${role.threshold} signatures`);
}
