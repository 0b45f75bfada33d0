/** The shared vectors, and how a case of the index is put to the reader. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expectationOf, factsOf, openNeeded } from '../client/verbs.js';
import { startSha256, toHex } from '../src/bytes.js';
import { auditBundle, BundleError, bytesSource, OpenedPointer, openBundle } from '../src/index.js';
import { readIdentities, readTrustFile } from '../src/index.js';

/** @typedef {import('../src/opened.js').OpenedRelease} OpenedRelease */
/** @typedef {import('../src/reader.js').OpenOptions} OpenOptions */
/** @typedef {import('../src/source.js').Source} Source */
/** @typedef {any} Case a case of `test-vectors/index.json`, whose shape `schema.json` there describes */

const ROOT = new URL('../../', import.meta.url);

/** @param {string} path inside the project */
export const projectFile = (path) => fileURLToPath(new URL(path, ROOT));

/** @param {string} path inside `test-vectors/` */
export const vectorFile = (path) => projectFile(`test-vectors/${path}`);

/** @param {string} path */
export const vectorBytes = (path) => new Uint8Array(readFileSync(vectorFile(path)));

/** @param {string} path */
export const vectorText = (path) => readFileSync(vectorFile(path), 'utf8');

/** @param {string} path */
export const vectorJson = (path) => JSON.parse(vectorText(path));

/** @type {Case[]} */
export const CASES = vectorJson('index.json').cases;

/** @param {string} name */
export function caseNamed(name) {
  const found = CASES.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

/**
 * Everything but the bundle, each time anew, as chains grow while they are used.
 *
 * @param {Case} entry
 * @returns {Promise<OpenOptions>}
 */
export async function optionsOf({ kind, trust, now, identity, expect, needed }) {
  const chain = readTrustFile(vectorText(trust));
  const identities = identity === null ? [] : readIdentities(vectorText(identity));
  const options = { kind, chain, now, identities, expect: expectationOf(expect) };
  if (needed === null) return options;
  const base = { kind: /** @type {const} */ ('release'), chain: readTrustFile(vectorText(trust)), now, identities };
  return { ...options, needed: await openNeeded(bytesSource(vectorBytes(needed)), base) };
}

/**
 * The result of `read` in the words of the index. Anything but a BundleError is a crash and passes through.
 *
 * @param {() => Promise<Record<string, unknown>>} read
 */
export async function resultOf(read) {
  try {
    return { result: 'accept', ...(await read()) };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { result: 'refuse', code: error.code, phase: error.phase };
  }
}

/**
 * @param {Case} entry
 * @param {Source} source
 */
export const auditResult = (entry, source) =>
  resultOf(async () => {
    await auditBundle(source, await optionsOf(entry));
    return {};
  });

/**
 * Read everything in one pass: the result, and what was released until then.
 *
 * @param {Case} entry
 * @param {Source} source
 */
export async function passResult(entry, source) {
  const hash = startSha256();
  let bytes = 0;
  const result = await resultOf(async () => {
    const bundle = await openBundle(source, await optionsOf(entry));
    if (bundle instanceof OpenedPointer) return factsOf(bundle);
    for await (const parts of bundle.records()) {
      for (const part of parts) {
        hash.update(part.bytes);
        bytes += part.bytes.length;
      }
    }
    for await (const part of bundle.externals()) void part;
    return factsOf(bundle);
  });
  return { result, released: { bytes, sha256: toHex(hash.digest()) } };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} length
 */
export function* chunksOf(bytes, length) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** @param {AsyncIterable<Uint8Array>} chunks */
export async function collect(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}
