import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { run } from '../../scripts/lib/run.mjs';
import { consumer } from './consumer.js';
import type { Consumer } from './consumer.js';

/** The agent's entries as users get them. */
let project: Consumer;

beforeAll(async () => {
  project = await consumer();
});
afterAll(() => project.remove());

const node = (file: string, ...flags: string[]) => run(process.execPath, [...flags, file], { cwd: project.folder, quiet: true });

describe('hushroom/agent', () => {
  test('as ESM: named exports only, and one adapter for both entries', async () => {
    const file = project.write(
      'agent.mjs',
      `import * as agent from 'hushroom/agent';
       import plugin, { ArthasChannelAdapter } from 'hushroom/agent/plugin';
       const { adapter } = plugin.definition.channels[0];
       console.log('default' in agent, adapter === agent.ArthasChannelAdapter, adapter === ArthasChannelAdapter, typeof agent.onMessage);`,
    );
    expect(await node(file)).toBe('false true true function\n');
  });

  test.each(['--experimental-require-module', '--no-experimental-require-module'])('as CommonJS with %s', async (flag) => {
    const file = project.write(
      'agent.cjs',
      `const agent = require('hushroom/agent');
       const { default: plugin } = require('hushroom/agent/plugin');
       console.log(plugin.definition.channels[0].adapter === agent.ArthasChannelAdapter, typeof agent.connectAgent);`,
    );
    expect(await node(file, flag)).toBe('true function\n');
  });

  test('works on rooms of hushroom/room: they are the same package', async () => {
    const file = project.write(
      'room.mjs',
      `import { createRoom, isHushError } from 'hushroom/room';
       import { connectAgent } from 'hushroom/agent';
       const error = await connectAgent({ relay: 'ws://127.0.0.1:9/ws', name: 'x' }).catch((reason) => reason);
       console.log(isHushError(error), error.code, typeof createRoom);`,
    );
    expect(await node(file)).toBe('true CONNECT_FAILED function\n');
  });

  const source = `
    import { connectAgent, messages, onMessage, splitText, type AgentMessage, type IncomingMessage } from 'hushroom/agent';
    import plugin, { ArthasChannelAdapter } from 'hushroom/agent/plugin';
    import { createRoom } from 'hushroom/room';
    export async function use(): Promise<AgentMessage | undefined> {
      const room = await createRoom({ relay: 'wss://example.com/ws', name: 'Bot' });
      onMessage(room, async function* ({ text }) { yield text; }, { mentionOnly: true, files: { folder: 'in' } });
      for await (const message of messages(room)) return message;
      const agent = await connectAgent({ relay: 'wss://example.com/ws', name: 'Bot', retry: { attempts: 3 } });
      agent.onMessage(({ body }) => body === 'x' && 'y');
      new ArthasChannelAdapter().onMessage((message: IncomingMessage) => splitText(message.text, 100));
      // @ts-expect-error a number is no answer
      onMessage(room, () => 1);
      return undefined;
    }
    export const name: string = plugin.definition.name;
  `;

  test.each([
    ['an ES module', 'app.mts', { module: 'node16' }],
    ['a CommonJS module', 'app.cts', { module: 'node16', esModuleInterop: true }],
    ['a bundled module', 'app.ts', { module: 'esnext', moduleResolution: 'bundler' }],
  ] as const)('has types for %s', async (_, file, options) => {
    project.write(`types/${file}`, source);
    const settings = { strict: true, noEmit: true, target: 'es2022', lib: ['es2022', 'dom', 'dom.asynciterable'], types: [], skipLibCheck: false };
    const config = project.write('types/tsconfig.json', JSON.stringify({ compilerOptions: { ...settings, ...options }, files: [file] }));
    await run('tsc', ['-p', config], { cwd: project.folder, quiet: true });
  });
});
