import {
  getCurrentInstance, getCurrentScope, hasInjectionContext, inject, onMounted, onScopeDispose, provide, type EffectScope, type InjectionKey,
} from 'vue';

import { checkSource, Opening, type RoomSource } from '../view/index.js';
import { createState } from './state.js';
import type { ProvideRoomOptions, RoomState } from './types.js';

/**
 * Where `useRoom` finds the room: `app.provide(roomKey, state)` gives one to a whole app. The ESM and the CommonJS file of
 * this entry share it.
 */
export const roomKey: InjectionKey<RoomState> = /* @__PURE__ */ Symbol.for('hushroom/vue');

/**
 * Opens a room for as long as this component lives, and gives it to all components below. Call it in `setup`: in `<script
 * setup>` anywhere, in a function of yours before any `await`. It opens when the component is mounted, so never on a server,
 * and stays open while `KeepAlive` keeps the component. With the component the room is left, or given up if it is not open
 * yet; one that was handed in is only looked at.
 *
 * Another room is another component: give it a `key`.
 *
 * Also works in an effect scope of your own, such as a Pinia store: opens at once in browsers, and never where there is no
 * `document`; closes when the scope is stopped; and nothing is provided: hand the state on yourself.
 *
 * @returns The state that `useRoom` gives to the components below.
 * @throws `TypeError` unless exactly one of `open` and `room` is given; `Error` outside of a component's setup and any scope,
 * since nothing would ever close it. What `open` throws is told by `status` and `error`.
 *
 * @example
 * ```vue
 * <script setup lang="ts">
 * import { joinRoom } from 'hushroom/room';
 * import { provideRoom } from 'hushroom/vue';
 *
 * const { code, name } = defineProps<{ code: string; name: string }>();
 * const { messages, room, status } = provideRoom({
 *   open: ({ signal }) => joinRoom({ relay: 'wss://relay.example.com/ws', code, name, signal }),
 * });
 * </script>
 *
 * <template>
 *   <p>{{ status }}</p>
 *   <p v-for="message in messages" :key="message.id">{{ message.from.name }}: {{ message.text }}</p>
 *   <button :disabled="!room" @click="room?.send('Hello')">Say hello</button>
 * </template>
 * ```
 */
export function provideRoom(options: ProvideRoomOptions): RoomState {
  const source = sourceOf(options);
  const scope = getCurrentScope();
  if (scope === undefined) throw new Error('provideRoom() belongs in setup, before any await, or in an effect scope: nothing would close the room');
  const opening = new Opening(source);
  const { state, update } = createState(scope);
  let end: (() => void) | undefined;

  function start() {
    const look = () => update(opening.getState());
    const unsubscribe = opening.subscribe(look);
    opening.retain();
    look();
    end = () => {
      opening.release();
      // Of a room that was opened here, the state still tells that it is closed.
      if (typeof source !== 'function') unsubscribe();
    };
  }

  // On a server no scope of a component is ever stopped, and this is never called either.
  onScopeDispose(() => end?.());
  if (isOwnScope(scope)) {
    provide(roomKey, state);
    onMounted(start);
  } else if (typeof source !== 'function' || typeof document !== 'undefined') {
    start();
  }
  return state;
}

/**
 * The room that a component above has provided.
 *
 * @throws `Error` when there is none, or outside of setup. The component that calls `provideRoom` uses what that returns.
 *
 * @example
 * ```vue
 * <script setup lang="ts">
 * import { useRoom } from 'hushroom/vue';
 *
 * const { members, typing } = useRoom();
 * </script>
 *
 * <template>
 *   <li v-for="member in members" :key="member.id">{{ member.name }} {{ typing.includes(member) ? '…' : '' }}</li>
 * </template>
 * ```
 */
export function useRoom(): RoomState {
  if (!hasInjectionContext()) throw new Error('useRoom() belongs in setup, before any await');
  const state = inject(roomKey, undefined);
  if (state === undefined) throw new Error('useRoom() found no room: a component above has to call provideRoom()');
  return state;
}

function sourceOf(options: ProvideRoomOptions): RoomSource {
  const { open, room } = (options ?? {}) as Partial<ProvideRoomOptions>;
  checkSource('provideRoom()', open, room);
  return (open ?? room) as RoomSource;
}

/**
 * Whether this is the scope of the component that is being set up. In a store's scope there may be a component, too: the
 * first that uses the store, whose end is not the store's.
 */
function isOwnScope(scope: EffectScope): boolean {
  return (getCurrentInstance() as { scope?: EffectScope } | null)?.scope === scope;
}
