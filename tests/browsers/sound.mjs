// Something to play to. Firefox plays nothing where nothing can be heard: its audio context stays suspended and its
// recordings fail to play, while Chromium pretends. PulseAudio has an output that throws away what it is given, in time.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Whether this machine can be given something to play to; elsewhere than on Linux there always is something. */
export const canPlay = () => process.platform !== 'linux' || findPulse() !== undefined;

function findPulse() {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'pulseaudio')).find((path) => existsSync(path));
}

/**
 * Starts it, on Linux.
 *
 * @returns {Promise<{ env: Record<string, string>, stop(): Promise<void> }>} What programs need to find it.
 */
export async function startSound() {
  const program = findPulse();
  if (process.platform !== 'linux' || program === undefined) return { env: {}, stop: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'hushroom-sound-'));
  const socket = join(folder, 'socket');
  const modules = [`module-native-protocol-unix socket=${socket} auth-anonymous=1`, 'module-null-sink'];
  const args = ['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--disable-shm', '--log-level=info'];
  const env = { ...process.env, PULSE_RUNTIME_PATH: folder, PULSE_STATE_PATH: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, [...args, ...modules.flatMap((module) => ['-L', module])], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`pulseaudio ended with ${code}\n${log}`)));
    child.stderr.on('data', (text) => {
      log += text;
      if (/Daemon startup complete/.test(log)) resolve(undefined);
    });
  });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  return {
    // By itself it takes two seconds ahead, and what is played begins as late.
    env: { PULSE_SERVER: `unix:${socket}`, PULSE_LATENCY_MSEC: '40' },
    async stop() {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
