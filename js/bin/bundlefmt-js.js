#!/usr/bin/env node
/** Client of the conformance protocol: one question in the arguments, one line of JSON as the answer. */
import { answer } from '../client/primitives.js';
import { audit, read, stream, unpack } from '../client/verbs.js';
import { BundleError } from '../src/index.js';

const ACCEPTED = 0;
const REFUSED = 1;
const UNSUPPORTED = 2;
const CRASHED = 70;

/** @returns {Promise<unknown>} */
async function readInput() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/**
 * @param {string} verb
 * @param {string[]} words
 * @returns {Promise<Record<string, unknown> | undefined>} undefined where the verb or question is not known
 */
async function run(verb, words) {
  if (verb === 'audit') return audit(words);
  if (verb === 'unpack') return unpack(words);
  if (verb === 'stream') return stream(words, process.stdin);
  if (verb === 'read') return read(words);
  if (verb !== 'primitive') return undefined;
  const output = await answer(words[0], await readInput());
  return output && { output };
}

try {
  const [verb, ...words] = process.argv.slice(2);
  const facts = await run(verb, words);
  if (facts !== undefined) console.log(JSON.stringify({ ok: true, ...facts }));
  process.exitCode = facts === undefined ? UNSUPPORTED : ACCEPTED;
} catch (error) {
  if (error instanceof BundleError) {
    console.log(JSON.stringify({ ok: false, code: error.code, phase: error.phase }));
    process.exitCode = REFUSED;
  } else {
    console.error(error);
    process.exitCode = CRASHED;
  }
}
