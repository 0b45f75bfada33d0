import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { sha256, toHex } from '../src/bytes.js';
import { caseNamed, projectFile, vectorBytes, vectorFile, vectorJson } from './vectors.js';

/** @typedef {import('./vectors.js').Case} Case */

const CLIENT = projectFile('js/bin/bundlefmt-js.js');

/**
 * @param {string[]} words
 * @param {Uint8Array | string} [input]
 */
function run(words, input = '') {
  const { status, stdout } = spawnSync(process.execPath, [CLIENT, ...words], { input });
  const text = stdout.toString();
  return { status, answer: text === '' ? null : JSON.parse(text) };
}

/**
 * Run `use` with a path that does not exist, alone in a folder, then see that nothing else stands there.
 *
 * @param {(out: string, folder: string) => void} use
 */
function withOut(use) {
  const folder = mkdtempSync(join(tmpdir(), 'bundlefmt-js-'));
  try {
    use(join(folder, 'out'), folder);
    assert.deepEqual(readdirSync(folder).filter((name) => name !== 'out' && name !== 'expect.json'), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The arguments from KIND to EXPECT.
 *
 * @param {Case} entry
 * @param {string} folder
 */
function words({ kind, trust, now, identity, needed, expect }, folder) {
  const file = (/** @type {string | null} */ path) => (path === null ? '-' : vectorFile(path));
  const stated = join(folder, 'expect.json');
  if (expect !== null) writeFileSync(stated, JSON.stringify(expect));
  return [kind, file(trust), String(now), file(identity), file(needed), expect === null ? '-' : stated];
}

/** @param {Case['open']} result */
const asAnswer = ({ result, ...facts }) => ({ ok: result === 'accept', ...facts });

const NAMES = [
  'valid-minimal',
  'valid-multi-record',
  'valid-patch',
  'valid-pointer',
  'body-changed-last-leaf',
  'policy-floor-above',
  'trustfile-no-block',
].map(caseNamed);

for (const entry of NAMES) {
  test(`${entry.name}: audit, unpack, stream`, () => {
    const bundle = vectorFile(entry.bundle);
    const status = entry.open.result === 'accept' ? 0 : 1;
    const audited = run(['audit', entry.kind, vectorFile(entry.trust), String(entry.now), bundle]);
    assert.deepEqual(audited, { status: entry.audit.result === 'accept' ? 0 : 1, answer: asAnswer(entry.audit) });
    withOut((out, folder) => {
      const unpacked = run(['unpack', ...words(entry, folder), bundle, out]);
      assert.deepEqual(unpacked, { status, answer: asAnswer(entry.open) });
      assert.equal(existsSync(out), 'tree' in entry.open);
    });
    withOut((out, folder) => {
      const streamed = run(['stream', ...words(entry, folder), out], vectorBytes(entry.bundle));
      assert.deepEqual(streamed, { status, answer: asAnswer(entry.open) });
      const released = existsSync(out) ? readFileSync(out) : new Uint8Array(0);
      assert.equal(toHex(sha256(released)), entry.released.sha256);
    });
  });
}

test('unpack makes the files with their modes', () => {
  const entry = caseNamed('valid-modes');
  withOut((out, folder) => {
    run(['unpack', ...words(entry, folder), vectorFile(entry.bundle), out]);
    const modes = readdirSync(out).map((name) => statSync(join(out, name)).mode & 0o100);
    assert.ok(modes.includes(0) && modes.includes(0o100));
  });
});

test('read gives one file, and nothing of a path that is not there', () => {
  const entry = caseNamed('valid-minimal');
  withOut((out, folder) => {
    const arguments_ = ['read', ...words(entry, folder), vectorFile(entry.bundle)];
    const missing = run([...arguments_, 'b.txt', out]);
    assert.deepEqual(missing, { status: 1, answer: { ok: false, code: 'ENTRY_NOT_FOUND', phase: 'usage' } });
    assert.ok(!existsSync(out));
    assert.deepEqual(run([...arguments_, 'a.txt', out]), { status: 0, answer: { ok: true } });
    assert.equal(readFileSync(out, 'utf8'), 'a');
  });
});

test('primitive answers one question; what is not known has exit code 2', () => {
  const [entry] = vectorJson('primitives/padme.json').cases;
  const answered = run(['primitive', 'padme'], JSON.stringify(entry.input));
  assert.deepEqual(answered, { status: 0, answer: { ok: true, output: entry.output } });
  assert.deepEqual(run(['primitive', 'astrology'], '{}'), { status: 2, answer: null });
  assert.deepEqual(run(['astrology']), { status: 2, answer: null });
});
