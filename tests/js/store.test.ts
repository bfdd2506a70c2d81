import { expect, it } from 'vitest';

import type { FileOffer, Member, Message, OutgoingTransfer, RoomSnapshot } from '../../js/room/index.js';
import { createStore } from '../../js/room/store.js';

const member = (id: string, self = false): Member => ({
  id, name: id, self, deviceKey: `key of ${id}`, verified: false, keyChanged: false, presence: 'here',
});

const message = (id: string, from: Member): Message => ({
  id, from, text: 'hello', verification: 'verified', sentAt: 0, receivedAt: 0, accepted: true, reactions: {},
});

const LISTS = ['members', 'messages', 'typing', 'offers', 'transfers'] as const;

function setup() {
  const store = createStore(member('ada', true));
  const [grace, eve] = [member('grace'), member('eve')];
  store.putMember(grace);
  store.putMember(eve);
  store.putMessage(message('1', grace));
  store.putOffer({ id: 'offer' } as FileOffer);
  store.putTransfer({ id: 'transfer' } as OutgoingTransfer);
  store.flush();
  /** The lists that are other ones after `change`. */
  function changes(change: () => void): string[] {
    const before = store.snapshot;
    change();
    const after: RoomSnapshot = store.snapshot;
    return LISTS.filter((name) => before[name] !== after[name]);
  }
  return { store, grace, changes };
}

it.each<[string, readonly string[], (it: ReturnType<typeof setup>) => void]>([
  ['the status', [], ({ store }) => store.setStatus('reconnecting')],
  ['the terms', [], ({ store }) => store.setOpen(1, 2, true)],
  ['typing', ['typing'], ({ store }) => store.setTyping('grace', true)],
  ['typing that was not', [], ({ store }) => store.setTyping('grace', false)],
  ['somebody who comes', ['members'], ({ store }) => store.putMember(member('bob'))],
  ['somebody who leaves', ['members'], ({ store }) => store.removeMember('eve')],
  ['how somebody silent stands', ['members'], ({ store }) => store.renewMember({ ...member('eve'), verified: true })],
  ['how somebody stands', ['members', 'messages'], ({ store, grace }) => store.renewMember({ ...grace, verified: true })],
  ['a message', ['messages'], ({ store, grace }) => store.putMessage(message('2', grace))],
  ['a changed message', ['messages'], ({ store }) => store.changeMessage('1', { accepted: false })],
  ['a changed message that is not there', [], ({ store }) => store.changeMessage('2', { accepted: false })],
  ['a message whose time is over', ['messages'], ({ store }) => store.removeMessage('1')],
  ['a reaction', ['messages'], ({ store }) => store.react('1', '!', 'ada', true)],
  ['an offer', ['offers'], ({ store }) => store.putOffer({ id: 'another' } as FileOffer)],
  ['an answered offer', ['offers'], ({ store }) => store.removeOffer('offer')],
  ['progress', ['transfers'], ({ store }) => store.putTransfer({ id: 'transfer' } as OutgoingTransfer)],
])('of a snapshot, %s changes %j', (_, expected, change) => {
  const it = setup();
  expect(it.changes(() => change(it))).toEqual(expected);
  it.store.dispose();
});

it('somebody who leaves while typing changes both lists, and what is the same is so for good', () => {
  const { store, changes } = setup();
  store.setTyping('eve', true);
  expect(changes(() => store.removeMember('eve'))).toEqual(['members', 'typing']);
  const { messages } = store.snapshot;
  for (let round = 0; round < 3; round += 1) store.setTyping('grace', round % 2 === 0);
  expect(store.snapshot.messages).toBe(messages);
  expect(store.snapshot.typing).toEqual(['grace']);
  store.dispose();
});
