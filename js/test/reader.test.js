import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import test from 'node:test';

import { auditBundle, blobSource, BundleError, bytesSource, fileSource, LIMITS, OpenedRelease } from '../src/index.js';
import { openBundle, PHASES, readTrustFile, streamSource } from '../src/index.js';
import { caseNamed, chunksOf, collect, optionsOf, passResult } from './vectors.js';
import { projectFile, vectorBytes, vectorFile, vectorText } from './vectors.js';

/** @typedef {import('../src/source.js').Source} Source */

/** @param {string} name */
const table = (name) => readFileSync(projectFile(`spec/${name}`), 'utf8').trimEnd().split('\n').slice(1);

test('codes and limits are those of the specification', () => {
  const phases = new Map(table('errors.csv').map((line) => /** @type {[string, string]} */ (line.split(',', 2))));
  for (const [code, phase] of Object.entries(PHASES)) assert.equal(phases.get(code), phase, code);
  const limits = table('limits.csv').map((line) => line.split(',', 2));
  assert.deepEqual(LIMITS, Object.fromEntries(limits.map(([name, value]) => [name, Number(value)])));
});

/**
 * @param {string} name
 * @param {Source} [source]
 */
async function openCase(name, source) {
  const entry = caseNamed(name);
  const bundle = await openBundle(source ?? bytesSource(vectorBytes(entry.bundle)), await optionsOf(entry));
  assert.ok(bundle instanceof OpenedRelease);
  return bundle;
}

test('the answer does not depend on the source or on how the input is cut', async () => {
  const names = ['valid-multi-record', 'valid-patch', 'valid-shared-record', 'body-changed-last-leaf'];
  for (const entry of names.map(caseNamed)) {
    const bytes = vectorBytes(entry.bundle);
    const handle = await open(vectorFile(entry.bundle));
    const sources = [
      streamSource(chunksOf(bytes, 1)),
      streamSource(chunksOf(bytes, 16384)),
      streamSource([new Uint8Array(0), bytes, new Uint8Array(0)]),
      blobSource(new Blob([bytes])),
      await fileSource(handle),
    ];
    for (const source of sources) {
      assert.deepEqual(await passResult(entry, source), { result: entry.open, released: entry.released }, entry.name);
    }
    await handle.close();
  }
});

test('documents of a refused bundle are kept (TRU-19)', async () => {
  const entry = caseNamed('trust-rotated-third-missing');
  const chain = readTrustFile(vectorText(entry.trust));
  const before = chain.newest.epoch;
  const options = { kind: entry.kind, chain, now: entry.now };
  await assert.rejects(auditBundle(bytesSource(vectorBytes(entry.bundle)), options), BundleError);
  assert.equal(chain.newest.epoch, before + 1);
});

test('a refused reader stays refused (RDG-2)', async () => {
  const bundle = await openCase('body-changed-last-leaf');
  const refusal = { code: 'BODY_DIGEST' };
  await assert.rejects(async () => {
    for await (const parts of bundle.records()) void parts;
  }, refusal);
  await assert.rejects(collect(bundle.file(bundle.listing.files[0].path)), refusal);
});

test('a path that is not there refuses nothing else', async () => {
  const bundle = await openCase('valid-minimal');
  assert.throws(() => bundle.file('b.txt'), { code: 'ENTRY_NOT_FOUND' });
  assert.equal(Buffer.from(await collect(bundle.file('a.txt'))).toString(), 'a');
});

test('a stream is read once', async () => {
  const bytes = vectorBytes(caseNamed('valid-multi-record').bundle);
  const bundle = await openCase('valid-multi-record', streamSource(chunksOf(bytes, 4096)));
  for await (const parts of bundle.records()) void parts;
  const path = bundle.listing.files[0].path;
  await assert.rejects(collect(bundle.file(path)), { code: 'SOURCE_FAILED' });
});

test('every beginning of a bundle is refused', async () => {
  const entry = caseNamed('valid-minimal');
  const bytes = vectorBytes(entry.bundle);
  for (let length = 0; length < bytes.length; length += 7) {
    const cut = bytes.subarray(0, length);
    for (const source of [bytesSource(cut), streamSource([cut])]) {
      const { result } = await passResult(entry, source);
      assert.equal('code' in result && result.code, 'TRUNCATED', `${length} bytes`);
    }
  }
});
