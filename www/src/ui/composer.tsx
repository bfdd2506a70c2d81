import type { Message, RoomSnapshot } from 'hushroom/room';
import type { RefObject, TargetedKeyboardEvent } from 'preact';
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { explain } from '../lib/errors.ts';
import { formatBytes } from '../lib/format.ts';
import { refusalOf } from '../room/attach.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { useRecording } from '../voice/use-recording.ts';
import { AttachIcon, CloseIcon, MicIcon, SendIcon } from './icons.tsx';
import { Tray } from './tray.tsx';
import { VoiceBar } from './voice-bar.tsx';

/** Of one message. */
const MOST_TEXT_BYTES = { hush1: 1024 * 1024, arthas: 60_000 } as const;

/** What others do with the composer. */
export interface ComposerHandle {
  focus(): void;
  attach(files: readonly File[]): void;
}

export interface ComposerProps {
  readonly handle: RefObject<ComposerHandle | null>;
  readonly session: Session;
  readonly snapshot: RoomSnapshot;
  readonly replyTo: Message | undefined;
  readonly onReplied: () => void;
  readonly onCancelReply: () => void;
}

/** Where one writes. Enter sends, Shift+Enter is a new line, Escape takes a reply back. */
export function Composer({ handle, session, snapshot, replyTo, onReplied, onCancelReply }: ComposerProps) {
  const { room } = session;
  const [text, setText] = useState('');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [hint, setHint] = useState<string>();
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const closed = snapshot.status === 'closed';
  const alone = !snapshot.members.some((member) => !member.self);
  const over = new TextEncoder().encode(text).length - MOST_TEXT_BYTES[room.protocol];
  const ready = !closed && over <= 0 && (text.trim() !== '' || (files.length > 0 && !alone));

  const focus = () => field.current?.focus();
  const attach = (more: readonly File[]) => {
    const refusals = more.map((file) => refusalOf(file, room.protocol));
    setFiles((current) => [...current, ...more.filter((_, index) => refusals[index] === undefined)]);
    for (const refusal of refusals) if (refusal !== undefined) session.notify(refusal);
    focus();
  };
  useImperativeHandle(handle, () => ({ focus, attach }), []);
  useEffect(focus, []);
  useLayoutEffect(() => fitHeight(field.current), [text]);

  const sendText = () => {
    const trimmed = text.trim();
    if (trimmed === '') return;
    setText('');
    onReplied();
    room.send(trimmed, replyTo === undefined ? {} : { replyTo: replyTo.id }).catch((error: unknown) => {
      // Nothing that was written is lost; what has been written since stays, too.
      setText((since) => (since === '' ? trimmed : `${trimmed}\n${since}`));
      session.notify(explain(error));
    });
  };
  const sendFiles = () => {
    if (alone) return;
    let sent = 0;
    try {
      for (const file of files) {
        session.shelf.send(file);
        sent += 1;
      }
    } catch (error) {
      session.notify(explain(error));
    }
    setFiles((current) => current.slice(sent));
  };
  const send = () => {
    if (!ready) return;
    sendText();
    sendFiles();
    focus();
  };
  const voice = useRecording({
    onClip(clip) {
      focus();
      try {
        session.shelf.sendVoice(clip);
      } catch (error) {
        session.notify(explain(error));
      }
    },
    onTooShort: () => setHint(t.voice.tooShort),
    onProblem: session.notify,
  });
  const { state } = voice;
  const busy = state.phase === 'recording' || state.phase === 'full';
  const speak = (begin: () => void) => {
    setHint(alone ? t.voice.alone : undefined);
    if (!alone) begin();
  };
  useEffect(() => {
    if (closed) voice.discard();
  }, [closed]);
  const wasBusy = useRef(false);
  // Before it is drawn, so that no key goes elsewhere.
  useLayoutEffect(() => {
    if (wasBusy.current && !busy) focus();
    wasBusy.current = busy;
  }, [busy]);
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && replyTo !== undefined) {
      onCancelReply();
    }
  };
  return (
    <form
      class="composer"
      data-testid="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {replyTo !== undefined && <ReplyBar message={replyTo} onCancel={onCancelReply} />}
      <Tray files={files} onRemove={(file) => setFiles((current) => current.filter((other) => other !== file))} />
      {alone && files.length > 0 && <p class="hint">{t.composer.alone}</p>}
      {over > 0 && (
        <p class="problem" role="alert">
          {t.composer.tooLong(formatBytes(over))}
        </p>
      )}
      {hint !== undefined && (
        <p class="hint" role="status" data-testid="composer-hint">
          {hint}
        </p>
      )}
      {'recording' in state && (
        <VoiceBar recording={state.recording} full={state.phase === 'full'} held={state.held} control={voice} />
      )}
      {/* Hidden and not gone while one speaks: what is written stays. */}
      <div class="composer-line" hidden={busy}>
        <button
          type="button"
          class="icon-button"
          aria-label={t.composer.attach}
          title={t.composer.attach}
          disabled={closed}
          onClick={() => picker.current?.click()}
        >
          <AttachIcon />
        </button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          data-testid="file-input"
          onChange={(event) => {
            attach([...(event.currentTarget.files ?? [])]);
            // So that the same file can be picked again.
            event.currentTarget.value = '';
          }}
        />
        <textarea
          ref={field}
          class="composer-field"
          data-testid="message-input"
          rows={1}
          aria-label={t.composer.label}
          placeholder={closed ? t.composer.closed : t.composer.placeholder}
          enterkeyhint="send"
          disabled={closed}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setHint(undefined);
            room.typing(event.currentTarget.value !== '');
          }}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const pasted = [...(event.clipboardData?.files ?? [])];
            if (pasted.length === 0) return;
            event.preventDefault();
            attach(pasted);
          }}
        />
        <button
          type="button"
          class={`icon-button mic-button ${state.phase === 'asking' ? 'mic-asking' : ''}`}
          aria-label={state.phase === 'asking' ? t.voice.starting : t.voice.record}
          title={t.voice.recordTitle}
          disabled={closed}
          data-testid="record"
          onPointerDown={(event) => event.button === 0 && speak(voice.press)}
          onClick={() => speak(voice.start)}
          // A long touch is speaking, not asking for a menu.
          onContextMenu={(event) => event.preventDefault()}
        >
          <MicIcon />
        </button>
        <button
          type="submit"
          class="send-button"
          aria-label={t.composer.send}
          title={t.composer.send}
          disabled={!ready}
          data-testid="send"
        >
          <SendIcon />
        </button>
      </div>
    </form>
  );
}

function ReplyBar({ message, onCancel }: { readonly message: Message; readonly onCancel: () => void }) {
  return (
    <div class="reply-bar" data-testid="reply-bar">
      <div class="reply-bar-text">
        <strong>{t.message.replyTo(message.from.self ? t.you : message.from.name)}</strong>
        <p>{message.text}</p>
      </div>
      <button type="button" class="icon-button" aria-label={t.message.cancelReply} onClick={onCancel}>
        <CloseIcon />
      </button>
    </div>
  );
}

/** Grows with the text; the style sheet sets the most. */
function fitHeight(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}
