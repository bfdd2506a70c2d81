import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { blocksOf, DOCUMENTS, type Block } from './blocks.js';
import { RULES, type Rule } from './rules.js';
import { createWorld, type World } from './world.js';

let world: World | undefined;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.end());

const fits = (block: Block) => (rule: Rule) => rule.file === block.file && rule.language === block.language && block.code.startsWith(rule.begins);

test('every rule is about one block', () => {
  const blocks = DOCUMENTS.flatMap(blocksOf);
  for (const rule of RULES) {
    const about = blocks.filter((block) => fits(block)(rule)).map(({ file, line }) => `${file}:${line}`);
    expect(about, `${rule.file}: ${rule.language} ${rule.begins}`).toHaveLength(1);
  }
});

describe.each(DOCUMENTS.filter((file) => blocksOf(file).length > 0))('%s', (file) => {
  const blocks = blocksOf(file).map((block) => [`${block.line}: ${block.heading}, ${block.language || 'plain'}`, block] as const);
  test.concurrent.each(blocks)('line %s', async (_, block) => {
    const rules = RULES.filter(fits(block));
    if (rules.length !== 1) throw new Error(`${rules.length} rules for the block of ${block.file} that begins with ${block.code.slice(0, 80)}`);
    if (world === undefined) throw new Error('nothing to run it in');
    await rules[0]?.check(block, world);
  });
});
