import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';

import { answer } from '../client/primitives.js';
import { concat, fromHex, toHex } from '../src/bytes.js';
import { BundleError } from '../src/index.js';
import { vectorFile, vectorJson } from './vectors.js';

/** @typedef {any} Input */

/**
 * The input of a case, with a message that the file puts together given whole.
 *
 * @param {Input} input
 * @param {Record<string, string>} material
 */
function wholeInput(input, material) {
  if (input.parts === undefined) return input;
  const partOf = (/** @type {Input} */ part) => fromHex(material[part.material]).subarray(part.start, part.end);
  const message = concat(...input.parts.map(partOf));
  for (const at of input.flip ?? []) message[at] ^= 1;
  return { ...input, message: toHex(message) };
}

/**
 * @param {string} family
 * @param {Input} input
 */
async function resultOf(family, input) {
  const answered = answer(family, input);
  assert.notEqual(answered, undefined, 'a question that is not known');
  try {
    return { result: 'accept', output: await answered };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { result: 'refuse', code: error.code };
  }
}

for (const name of readdirSync(vectorFile('primitives')).filter((file) => /^(?!schema).*\.json$/.test(file))) {
  test(`primitives/${name}`, async () => {
    const { family, cases, material } = vectorJson(`primitives/${name}`);
    for (const entry of cases) {
      const actual = await resultOf(family, wholeInput(entry.input, material));
      assert.equal(actual.result, entry.result, entry.name);
      if (entry.code !== undefined) assert.equal(actual.code, entry.code, entry.name);
      for (const key of Object.keys(entry.output ?? {})) {
        assert.deepEqual(actual.output?.[key], entry.output[key], `${entry.name}, ${key}`);
      }
    }
  });
}
