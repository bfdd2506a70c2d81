import {
  RoomProvider, useFileDrop, useFileTransfers, useMembers, useMessages, useRoom, useRoomEvent, useRoomStatus, useSafetyNumber, useTyping,
  type OpenRoom, type TransferView,
} from 'hushroom/react';

export function Chat({ open, onMessage }: { open: OpenRoom; onMessage(text: string): void }) {
  return <RoomProvider open={open}><Inside onMessage={onMessage} /></RoomProvider>;
}

function Inside({ onMessage }: { onMessage(text: string): void }) {
  const room = useRoom();
  const { status } = useRoomStatus();
  const members = useMembers();
  const other = members.find(({ self }) => !self);
  const digits: string | undefined = useSafetyNumber(other?.id ?? '')?.digits;
  const typing = useTyping();
  const { transfers }: { transfers: readonly TransferView[] } = useFileTransfers();
  const { isOver, dropProps } = useFileDrop();
  useRoomEvent('message', ({ message, fromSelf }) => fromSelf || onMessage(message.text));
  return (
    <main {...dropProps} data-over={isOver}>
      <p>{status} {members.map(({ name }) => name).join(' ')}</p>
      <p>{typing.length} typing, {transfers.map(({ transfer, state }) => `${transfer.name} ${state}`)}</p>
      <code>{digits}</code>
      <button onClick={() => void room?.send('from the page')}>Send</button>
      {useMessages({ limit: 10 }).map(({ id, text }) => <p key={id}>{text}</p>)}
    </main>
  );
}
