import { createRoom, joinRoom, type Room } from 'hushroom/room';
import type { OpenRoom, RoomState } from 'hushroom/vue';
import { createApp, h } from 'vue';

import Chat from './Chat.vue';

const relay = new URLSearchParams(location.search).get('relay') ?? '';
const signal = AbortSignal.timeout(60_000);

/** Resolves once `test` gives something, which is looked at when the room or the page has changed. */
function until<T>(room: Room, what: string, test: () => T | undefined | false): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const look = () => {
      const found = test();
      if (!found) return;
      stop();
      seen.disconnect();
      resolve(found);
    };
    const stop = room.subscribe(look);
    const seen = new MutationObserver(look);
    seen.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    signal.addEventListener('abort', () => reject(new Error(`there was no: ${what}; the page says ${document.body.textContent}`)));
    look();
  });
}

async function run(): Promise<string> {
  const host = await createRoom({ relay, name: 'Host', signal });
  let calls = 0;
  let state: RoomState | undefined;
  const open: OpenRoom = (options) => {
    calls += 1;
    return joinRoom({ relay, code: host.code, name: 'Vue', ...options });
  };
  const app = createApp(() => h(Chat, { open, onState: (given) => (state = given) }));
  app.mount('#app');
  const shows = (text: string) => until(host, text, () => document.querySelector('#app')?.textContent?.includes(text));
  await shows('connecting');
  await shows('open');
  const guest = await until(host, 'guest', () => host.members.find(({ name }) => name === 'Vue'));
  await shows(host.safetyNumber(guest.id).digits);

  await host.send('hello');
  await shows('Host: hello');
  await state?.room.value?.send('hello Host');
  await until(host, 'answer', () => host.getSnapshot().messages.some(({ text, verification }) => text === 'hello Host' && verification === 'verified'));

  const zone = document.querySelector('ul');
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(300_000)], 'zeros.bin'));
  zone?.dispatchEvent(new DragEvent('dragenter', { dataTransfer, bubbles: true }));
  await until(host, 'drop zone', () => zone?.classList.contains('over'));
  zone?.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  const offer = await until(host, 'offer', () => host.getSnapshot().offers[0]);
  let bytes = 0;
  await offer.accept(new WritableStream({ write: (chunk: Uint8Array) => void (bytes += chunk.length) })).done;
  await shows('zeros.bin is done');

  app.unmount();
  await until(host, 'leaving', () => host.members.length === 1);
  await host.close();
  return calls === 1 && bytes === 300_000 && state?.status.value === 'closed' ? 'works' : `opened ${calls} times, ${bytes} bytes, ${state?.status.value}`;
}

run().then(
  (text) => document.querySelector('#result')?.append(text),
  (error) => document.querySelector('#result')?.append(`error: ${String(error)}`),
);
