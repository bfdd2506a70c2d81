import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { t } from '../strings.ts';
import { SmileIcon } from './icons.tsx';

const PALETTE = ['👍', '❤️', '😂', '🎉', '😮', '🙏'] as const;

export interface ReactionButtonProps {
  readonly tabIndex: number;
  readonly onChoose: (emoji: string) => void;
}

/** Kept free around the palette. */
const MARGIN_PX = 8;

/** Above the button if there is room, else below, and within the window. */
function place(palette: HTMLElement, button: HTMLElement): void {
  const anchor = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = palette;
  const centred = anchor.left + anchor.width / 2 - width / 2;
  const left = Math.max(MARGIN_PX, Math.min(centred, innerWidth - width - MARGIN_PX));
  const above = anchor.top - height - MARGIN_PX;
  palette.style.left = `${left}px`;
  palette.style.top = `${above < MARGIN_PX ? anchor.bottom + MARGIN_PX : above}px`;
}

/** Opens a small palette. Escape, a click elsewhere or moving on closes it. */
export function ReactionButton({ tabIndex, onChoose }: ReactionButtonProps) {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const palette = useRef<HTMLSpanElement>(null);

  useLayoutEffect(() => {
    if (!open || button.current === null || palette.current === null) return;
    place(palette.current, button.current);
    palette.current.querySelector('button')?.focus();
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const onScroll = () => {
      if (button.current !== null && palette.current !== null) place(palette.current, button.current);
    };
    const onPointerDown = (event: PointerEvent) => {
      if (!(event.target instanceof Node && frame.current?.contains(event.target))) setOpen(false);
    };
    document.addEventListener('pointerdown', onPointerDown);
    document.addEventListener('scroll', onScroll, { capture: true });
    return () => {
      document.removeEventListener('pointerdown', onPointerDown);
      document.removeEventListener('scroll', onScroll, { capture: true });
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <span
      ref={frame}
      class="popover-frame"
      onKeyDown={(event) => {
        if (!open || event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
      onFocusOut={(event) => {
        if (event.relatedTarget instanceof Node && !event.currentTarget.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={t.message.react}
        title={t.message.react}
        aria-expanded={open}
        aria-haspopup="true"
        tabIndex={tabIndex}
        onClick={() => setOpen(!open)}
      >
        <SmileIcon />
      </button>
      {open && (
        <span ref={palette} class="palette" role="group" aria-label={t.message.palette} data-testid="palette">
          {PALETTE.map((emoji) => (
            <button
              key={emoji}
              type="button"
              class="palette-choice"
              aria-label={t.message.reactWith(emoji)}
              onClick={() => {
                onChoose(emoji);
                close();
              }}
            >
              {emoji}
            </button>
          ))}
        </span>
      )}
    </span>
  );
}
