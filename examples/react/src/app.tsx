import { useEffect, useRef, useState, type FormEvent } from 'react';
import { RoomProvider, useFileDrop, useFileTransfers, useMembers, useMessages, useRoom, useRoomStatus, useSafetyNumber, useTyping } from 'hushroom/react';
import { createRoom, joinRoom, saveFile, shareLink, type FileOffer, type Member, type Message, type Room } from 'hushroom/room';

const RELAY: string = import.meta.env.VITE_RELAY ?? 'ws://127.0.0.1:8787/ws';

/** Asks who comes and where to, then shows the room: a new one unless there is a link or code to one. */
export function App() {
  const [entry, setEntry] = useState<{ name: string; code: string }>();
  if (entry === undefined) return <Entrance onEnter={(name, code) => setEntry({ name, code })} />;
  const { name, code } = entry;
  return (
    <RoomProvider open={({ signal }) => (code === '' ? createRoom({ relay: RELAY, name, signal }) : joinRoom({ relay: RELAY, code, name, signal }))}>
      <Chat onLeave={() => setEntry(undefined)} />
    </RoomProvider>
  );
}

function Entrance({ onEnter }: { onEnter(name: string, code: string): void }) {
  const [name, setName] = useState('');
  const [code, setCode] = useState(location.hash.length > 1 ? location.href : '');
  function submit(event: FormEvent) {
    event.preventDefault();
    onEnter(name.trim(), code.trim());
  }
  return (
    <main className="card">
      <h1>A room of your own</h1>
      <p>End-to-end encrypted: whoever has the link can come in, and nobody else can read along.</p>
      <form onSubmit={submit}>
        <label>Your name <input value={name} onChange={(event) => setName(event.target.value)} required pattern=".*\S.*" maxLength={20} autoFocus /></label>
        <label>Link or code, if you were invited <input value={code} onChange={(event) => setCode(event.target.value)} autoComplete="off" spellCheck={false} /></label>
        <button className="primary">{code.trim() === '' ? 'Open a room' : 'Join'}</button>
      </form>
    </main>
  );
}

function Chat({ onLeave }: { onLeave(): void }) {
  const room = useRoom();
  const { status, error } = useRoomStatus();
  const [notice, setNotice] = useState('');
  const [answered, setAnswered] = useState<Message>();
  const typing = useTyping().map(({ name }) => name);
  const tell = (what: string) => (reason: unknown) => setNotice(`${what}: ${textOf(reason)}`);
  const sendFiles = (files: File[]) => {
    for (const file of files) {
      try {
        room?.sendFile(file);
      } catch (reason) {
        tell(file.name)(reason);
      }
    }
  };
  const { isOver, dropProps } = useFileDrop({ onFiles: sendFiles });
  if (room === undefined) {
    return (
      <main className="card">
        <h1>A room of your own</h1>
        <p role="status">{status === 'failed' ? `There is no way in: ${textOf(error)}` : 'Connecting…'}</p>
        <button onClick={onLeave}>Back</button>
      </main>
    );
  }
  function send(text: string) {
    room!.send(text, { replyTo: answered?.id }).then(() => setNotice(''), tell('Not sent'));
    setAnswered(undefined);
  }
  return (
    <main className="chat" data-over={isOver} {...dropProps}>
      <header>
        <h1>Room</h1>
        <Invitation room={room} />
        <p role="status" data-status={status}>{error === undefined ? status : `${status}: ${textOf(error)}`}</p>
        <button onClick={onLeave}>Leave</button>
      </header>
      <Messages room={room} onAnswer={setAnswered} />
      <aside>
        <Members room={room} />
        <Files onFiles={sendFiles} />
      </aside>
      <footer>
        <p aria-live="polite">{notice || (typing.length > 0 && `${typing.join(' and ')} typing…`)}</p>
        {answered && <p className="quote">{answered.from.name}: {answered.text} <button aria-label="Do not answer this" onClick={() => setAnswered(undefined)}>✕</button></p>}
        <Composer onTyping={() => room.typing()} onSend={send} disabled={status === 'closed'} answering={answered?.id} />
      </footer>
    </main>
  );
}

function Invitation({ room }: { room: Room }) {
  const [copied, setCopied] = useState(false);
  const link = shareLink(location.href.split('#')[0]!, room.code);
  return (
    <label className="invitation">
      Invite with <input readOnly value={link} onFocus={(event) => event.target.select()} />
      <button type="button" onClick={() => navigator.clipboard.writeText(link).then(() => setCopied(true))}>{copied ? 'Copied' : 'Copy'}</button>
    </label>
  );
}

function Messages({ room, onAnswer }: { room: Room; onAnswer(message: Message): void }) {
  const messages = useMessages({ limit: 200 });
  return (
    <div className="messages" role="log" aria-label="Messages" tabIndex={0}><div>
      {messages.length === 0 && <p className="empty">Nothing was said yet.</p>}
      {messages.map((message) => {
        const { id, from, text, sentAt, accepted, rejected, verification, reactions } = message;
        const quoted = messages.find((other) => other.id === message.replyTo);
        return (
          <article key={id} data-own={from.self}>
            <p className="by">{from.name} <time>{new Date(sentAt).toLocaleTimeString([], { timeStyle: 'short' })}</time>
              {rejected ? ' not sent' : !accepted && ' …'}{verification !== 'verified' && <strong> may be from somebody else</strong>}</p>
            {quoted && <p className="quote">{quoted.from.name}: {quoted.text}</p>}
            <p className="text">{text}</p>
            <p className="tools">
              {['👍', '❤️', '😂'].map((emoji) => {
                const by = reactions[emoji] ?? [];
                const mine = by.includes(room.selfId);
                const react = () => room.react(id, emoji, mine ? 'remove' : 'add').catch(() => undefined);
                return <button key={emoji} aria-pressed={mine} data-used={by.length > 0} aria-label={`React with ${emoji}, ${by.length} so far`} onClick={react}>{emoji} {by.length || ''}</button>;
              })}
              <button onClick={() => onAnswer(message)}>Reply</button>
            </p>
          </article>
        );
      })}
    </div></div>
  );
}

function Composer({ onSend, onTyping, disabled, answering }: { onSend(text: string): void; onTyping(): void; disabled: boolean; answering?: string }) {
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [answering]);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim() === '') return;
    onSend(text);
    setText('');
  }
  function change(value: string) {
    setText(value);
    onTyping();
  }
  return (
    <form onSubmit={submit}>
      <input ref={input} aria-label="Message" placeholder="Message" value={text} disabled={disabled} onChange={(event) => change(event.target.value)} />
      <button className="primary" disabled={disabled}>Send</button>
    </form>
  );
}

function Members({ room }: { room: Room }) {
  return <section><h2>Here</h2><ul>{useMembers().map((member) => <li key={member.id}><Person room={room} member={member} /></li>)}</ul></section>;
}

function Person({ room, member: { id, name, self, verified, presence } }: { room: Room; member: Member }) {
  const [open, setOpen] = useState(false);
  if (self) return <>{name} (you)</>;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{name} {verified && '✓ compared'} {presence === 'away' && '(away)'}</summary>
      {open && <SafetyNumber memberId={id} />}
      {open && <button onClick={() => void room.verify(id, !verified)}>{verified ? 'Take it back' : 'It is the same'}</button>}
    </details>
  );
}

function SafetyNumber({ memberId }: { memberId: string }) {
  return <p>Compare on a call: <code>{useSafetyNumber(memberId)?.digits.match(/.{5}/g)?.join(' ')}</code></p>;
}

function Files({ onFiles }: { onFiles(files: File[]): void }) {
  const { offers, transfers } = useFileTransfers();
  /** The browser's save dialog, where there is one; else it is downloaded once it is whole. What fails is shown by its state. */
  const accept = (offer: FileOffer) => offer.accept().done.then(({ file }) => file && saveFile(file, offer.name), () => undefined);
  return (
    <section>
      <h2>Files</h2>
      <label className="pick">Drop files anywhere, or choose <input type="file" multiple onClick={(event) => void (event.currentTarget.value = '')} onChange={(event) => onFiles([...event.target.files ?? []])} /></label>
      <ul>
        {offers.map((offer) => (
          <li key={offer.id}>
            <span className="name">{offer.name}</span> {sizeOf(offer.size)} from {offer.from.name}
            <p><button className="primary" onClick={() => void accept(offer)}>Accept</button> <button onClick={() => offer.decline()}>Decline</button></p>
          </li>
        ))}
        {transfers.map(({ transfer, state, progress: { bytes, total } }) => (
          <li key={transfer.id}>
            <span className="name">{transfer.direction === 'in' ? '↓' : '↑'} {transfer.name}</span> {sizeOf(total)} {state}
            {['waiting', 'running', 'paused'].includes(state) && (
              <p><progress aria-label={transfer.name} max={total || 1} value={total && bytes} /> <button onClick={() => transfer.cancel()}>Cancel</button></p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const sizeOf = (bytes = 0) => {
  const [unit, size] = bytes < 1e3 ? ['byte', 1] as const : bytes < 1e6 ? ['kilobyte', 1e3] as const : ['megabyte', 1e6] as const;
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'narrow', maximumFractionDigits: 1 }).format(bytes / size);
};
