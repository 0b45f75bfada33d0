/** Signature tables and how their rows are counted (section 3). */
import { algorithm, ALGORITHMS } from './algorithms.js';
import { compare, equal, readU16 } from './bytes.js';
import { sigStructure } from './cose.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';

/** @typedef {import('./errors.js').Code} Code */
/** @typedef {{ alg: number, kid: Uint8Array, signature: Uint8Array }} Row */
/** @typedef {{ alg: number, publicKey: Uint8Array }} Key */
/** @typedef {{ threshold: number, keys: Key[] }} Role */

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
    const [min, max] = lengthsOf(ALGORITHMS.get(alg)?.signatureLen, LIMITS.signature_len);
    must(length >= min && length <= max, code, 'signature length');
    at += ROW_HEAD;
    must(at + length <= bytes.length, code, 'a signature does not fit');
    rows.push({ alg, kid: name.subarray(2), signature: bytes.subarray(at, at + length) });
    at += length;
  }
  must(rows.length > 0, code, 'no rows');
  return rows;
}

/**
 * The lengths that something of an algorithm may have: one where it is implemented, else 1 to `longest`.
 *
 * @param {number | undefined} known
 * @param {number} longest
 */
export const lengthsOf = (known, longest) => (known === undefined ? [1, longest] : [known, known]);

/**
 * The keys of a role whose algorithm this reader implements.
 *
 * @param {Role} role
 */
export const usableKeys = (role) => role.keys.filter((key) => ALGORITHMS.has(key.alg));

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
  const keys = usableKeys(role).map((key) => ({ ...key, kid: algorithm(key.alg).kidOf(key.publicKey) }));
  let valid = 0;
  for (const row of rows) {
    // SIG-7: whatever is not the row of a key of this role says nothing.
    const key = keys.find(({ alg, kid }) => alg === row.alg && equal(kid, row.kid));
    if (key === undefined) continue;
    const signed = sigStructure(key.alg, key.kid, label, payload);
    const good = algorithm(key.alg).verify(key.publicKey, signed, row.signature);
    must(good, codes.invalid, 'the signature of a trusted key is bad');
    valid += 1; // one row per kid (SIG-2) and one key per kid: rows count distinct keys
  }
  must(valid >= role.threshold, codes.threshold, `${valid} of ${role.threshold} signatures`);
}
