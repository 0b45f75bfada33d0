/** The verbs of the conformance protocol (`spec/conformance.md`). Each gives the facts of an accepted bundle. */
import { open, readFile } from 'node:fs/promises';

import { fromHex, toHex } from '../src/bytes.js';
import {
  auditBundle,
  BundleError,
  bytesSource,
  fileSource,
  OpenedPointer,
  openBundle,
  readIdentities,
  readTrustFile,
  streamSource,
} from '../src/index.js';
import { whole, writeAll, writeTree } from './output.js';

/** @typedef {import('../src/header.js').Kind} Kind */
/** @typedef {import('../src/policy.js').Expectation} Expectation */
/** @typedef {import('../src/opened.js').OpenedRelease} OpenedRelease */
/** @typedef {import('../src/reader.js').OpenOptions} OpenOptions */
/** @typedef {import('../src/source.js').Source} Source */
/** @typedef {Record<string, unknown>} Facts */

const NONE = '-';

/** @param {string} path */
const readText = async (path) => new TextDecoder().decode(await readFile(path));

/** @param {string} path */
const readChain = async (path) => readTrustFile(await readText(path));

/**
 * The `expect` of a case as this reader takes it.
 *
 * @param {any} stated
 * @returns {Expectation}
 */
export function expectationOf(stated) {
  if (stated === null || stated?.floor === undefined) return stated ?? {};
  const { min_epoch: minEpoch, number, release_id: releaseId } = stated.floor;
  return { ...stated, floor: { minEpoch, number, releaseId: fromHex(releaseId) } };
}

/**
 * Open the release a patch needs. One that does not open is as good as none.
 *
 * @param {Source} source
 * @param {OpenOptions} options
 * @returns {Promise<OpenedRelease | undefined>}
 */
export async function openNeeded(source, options) {
  try {
    return /** @type {OpenedRelease} */ (await openBundle(source, options));
  } catch (error) {
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}

/**
 * What the arguments from KIND to EXPECT say.
 *
 * @param {string[]} words
 * @returns {Promise<OpenOptions>}
 */
async function readOptions([kind, trust, clock, identity, needed, expect]) {
  const chain = await readChain(trust);
  const now = Number(clock);
  const identities = identity === NONE ? [] : readIdentities(await readText(identity));
  const expectation = expectationOf(expect === NONE ? {} : JSON.parse(await readText(expect)));
  const options = { kind: /** @type {Kind} */ (kind), chain, now, identities, expect: expectation };
  if (needed === NONE) return options;
  const source = bytesSource(await readFile(needed));
  const base = await openNeeded(source, { kind: 'release', chain: await readChain(trust), now, identities });
  return { ...options, needed: base };
}

/**
 * @param {string} path
 * @param {(source: Source) => Promise<Facts>} use
 */
async function withFile(path, use) {
  const handle = await open(path);
  try {
    return await use(await fileSource(handle));
  } finally {
    await handle.close();
  }
}

/**
 * @param {OpenedRelease | OpenedPointer} bundle
 * @returns {Facts}
 */
export function factsOf(bundle) {
  if (bundle instanceof OpenedPointer) return { sequence: bundle.pointer.sequence };
  const { release, listing } = bundle;
  const { id, number } = release;
  return { tree: toHex(listing.tree), release_id: toHex(id), number, files: listing.files.length };
}

/** @param {string[]} words KIND TRUST NOW BUNDLE */
export async function audit([kind, trust, now, bundle]) {
  const options = { kind: /** @type {Kind} */ (kind), chain: await readChain(trust), now: Number(now) };
  return withFile(bundle, async (source) => {
    await auditBundle(source, options);
    return {};
  });
}

/** @param {string[]} words KIND TRUST NOW IDENTITY NEEDED EXPECT BUNDLE OUT */
export async function unpack(words) {
  const [path, out] = words.slice(6);
  const options = await readOptions(words);
  return withFile(path, async (source) => {
    const bundle = await openBundle(source, options);
    if (!(bundle instanceof OpenedPointer)) await whole(out, (folder) => writeTree(bundle, folder));
    return factsOf(bundle);
  });
}

/**
 * @param {string[]} words KIND TRUST NOW IDENTITY NEEDED EXPECT OUT
 * @param {AsyncIterable<Uint8Array>} input
 */
export async function stream(words, input) {
  const out = words[6];
  const bundle = await openBundle(streamSource(input), await readOptions(words));
  if (bundle instanceof OpenedPointer) return factsOf(bundle);
  const handle = await open(out, 'wx');
  try {
    for await (const parts of bundle.records()) {
      for (const { bytes } of parts) await writeAll(handle, bytes);
    }
    for await (const part of bundle.externals()) void part; // judged, not written
  } finally {
    await handle.close();
  }
  return factsOf(bundle);
}

/** @param {string[]} words KIND TRUST NOW IDENTITY NEEDED EXPECT BUNDLE PATH OUT */
export async function read(words) {
  const [path, entry, out] = words.slice(6);
  const options = await readOptions(words);
  return withFile(path, async (source) => {
    const bundle = await openBundle(source, options);
    if (bundle instanceof OpenedPointer) throw new BundleError('ENTRY_NOT_FOUND', 'a pointer has no files');
    await whole(out, async (partial) => {
      const handle = await open(partial, 'wx');
      try {
        for await (const bytes of bundle.file(entry)) await writeAll(handle, bytes);
      } finally {
        await handle.close();
      }
    });
    return {};
  });
}
