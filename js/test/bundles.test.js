import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import test from 'node:test';

import { equal, sha256 } from '../src/bytes.js';
import { BundleError, bytesSource, OpenedPointer, openBundle, streamSource } from '../src/index.js';
import { auditResult, CASES, chunksOf, collect, optionsOf, passResult, vectorBytes, vectorFile } from './vectors.js';

/** Of bundles with many files, so many are read by name. */
const FILES_READ = 5;
/** Chunks that end inside every structure of a small bundle. */
const CHUNK = 977;

/** @typedef {import('./vectors.js').Case} Case */

test('every bundle belongs to a case, and is the one of the index', () => {
  const bundles = new Set(CASES.map(({ bundle }) => bundle));
  for (const name of readdirSync(vectorFile('bundles'))) assert.ok(bundles.has(`bundles/${name}`), name);
  for (const { name, bundle, sha256: digest } of CASES) {
    assert.equal(createHash('sha256').update(vectorBytes(bundle)).digest('hex'), digest, name);
  }
});

for (const family of new Set(CASES.map((entry) => entry.family))) {
  const cases = CASES.filter((entry) => entry.family === family);
  test(`${family}: audit, positional and in one pass`, async () => {
    for (const entry of cases) {
      const bytes = vectorBytes(entry.bundle);
      assert.deepEqual(await auditResult(entry, bytesSource(bytes)), entry.audit, `${entry.name}, audit`);
      assert.deepEqual((await passResult(entry, bytesSource(bytes))).result, entry.open, `${entry.name}, open`);
      const { result, released } = await passResult(entry, streamSource(chunksOf(bytes, CHUNK)));
      assert.deepEqual(result, entry.open, `${entry.name}, stream`);
      assert.deepEqual(released, entry.released, `${entry.name}, released`);
    }
  });
}

test('each file by its name has its bytes, or is refused as the whole', async () => {
  const phases = new Set([undefined, 'body', 'record', 'content', 'manifest']);
  for (const entry of CASES.filter(({ kind, open }) => kind === 'release' && phases.has(open.phase))) {
    const bundle = await openOrNull(entry);
    if (bundle === null || bundle instanceof OpenedPointer) continue;
    for (const { path, digest } of bundle.listing.files.slice(0, FILES_READ)) {
      // Opened anew for each file, because a refused reader stays refused.
      const fresh = await openBundle(bytesSource(vectorBytes(entry.bundle)), await optionsOf(entry));
      assert.ok(!(fresh instanceof OpenedPointer));
      try {
        assert.ok(equal(sha256(await collect(fresh.file(path))), digest), `${entry.name}, ${path}`);
      } catch (error) {
        if (!(error instanceof BundleError)) throw error;
        assert.equal(error.code, entry.open.code, `${entry.name}, ${path}`);
      }
    }
  }
});

/** @param {Case} entry */
async function openOrNull(entry) {
  try {
    return await openBundle(bytesSource(vectorBytes(entry.bundle)), await optionsOf(entry));
  } catch (error) {
    if (error instanceof BundleError) return null;
    throw error;
  }
}
